"""The options with which a file is read, checked alike by every command that reads one."""

import typer

from riskstream_client.times import DATE_ORDERS

DECIMAL_SIGNS = (".", ",")


def decimal_sign(sign: str) -> str:
    """Check `--decimal`."""
    if sign not in DECIMAL_SIGNS:
        raise typer.BadParameter(f"--decimal takes . or , and not {sign!r}")
    return sign


def time_style(time_format: str, date_order: str | None) -> str:
    """Combine `--time-format` and `--date-order`, of which one is enough."""
    if date_order is None:
        return time_format
    if date_order not in DATE_ORDERS:
        raise typer.BadParameter(f"--date-order takes {', '.join(DATE_ORDERS)} and not {date_order!r}")
    if time_format not in ("iso", date_order):
        raise typer.BadParameter("--date-order and --time-format both say how times are written: give one of them")
    return date_order


def lines_above_header(skip_lines: int, header_line: int | None) -> int:
    """Combine `--skip-lines` and `--header-line`, of which one is enough."""
    if header_line is None:
        return skip_lines
    if skip_lines not in (0, header_line - 1):
        raise typer.BadParameter("--skip-lines and --header-line say different things: give one of them")
    return header_line - 1
