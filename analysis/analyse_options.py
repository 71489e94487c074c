"""The options of `riskstream analyse` that correct how its file is read, checked and turned into `Corrections`."""

import re
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from analysis.corrections import Corrections
from analysis.extract.mapping import MEANINGS
from analysis.extract.reading import Directions, Layout, Mapping, Meaning
from contracts.currency import READABLE_CURRENCIES
from contracts.field_names import SHORT_NAMES

Map = Annotated[
    list[str] | None, typer.Option("--map", help="meaning=COLUMN where the guess is wrong, as often as needed.")
]
Set = Annotated[list[str] | None, typer.Option("--set", help="currency=EUR for rows whose column names none.")]
SkipLines = Annotated[int | None, typer.Option(min=0, help="Lines above the header, or above the first row.")]
HeaderLine = Annotated[int | None, typer.Option(min=0, help="The line of the header; 0: the file has none.")]
Delimiter = Annotated[str | None, typer.Option(help="Of a CSV: one character, or tab.")]
Encoding = Annotated[str | None, typer.Option(help="Of a text file: utf-8, cp1252 …")]
Decimal = Annotated[str | None, typer.Option(help="The decimal sign: . or ,")]
Order = Annotated[str | None, typer.Option("--date-order", help="ymd, dmy, mdy, seconds or milliseconds.")]
TimeZone = Annotated[str | None, typer.Option(help="Of times in the file that name none (default UTC).")]
Direction = Annotated[
    str | None,
    typer.Option(
        help="COLUMN=IN/OUT: the words for money in and out, 'Af Bij=Bij/Af' or 'Type=CR,INT/DR,FEE'; none: no column"
        " says it, amounts count as they are written."
    ),
]
Sheet = Annotated[str | None, typer.Option(help="Of a workbook.")]
Positive = Annotated[str | None, typer.Option(help="What an amount without a minus is: in, or out, as cards bill.")]
Rows = Annotated[Path | None, typer.Option(dir_okay=False, help="Write the rows that landed to this CSV.")]
Rejects = Annotated[Path | None, typer.Option(dir_okay=False, help="Write the rows that did not land to this CSV.")]
UnderstandOnly = Annotated[
    bool, typer.Option("--understand-only", help="Say how the file is understood, and stop there.")
]

NO_DIRECTION = "none"  # of --direction
# A transaction's own names, as `publish` and `train` take them, too.
_MEANING_OF = {"id": "transaction_id", "phone_number": "account"} | {
    field: str(short) for short, field in SHORT_NAMES.items() if short in MEANINGS
}


def columns_of(pairs: list[str]) -> dict[Meaning, str]:
    """Read `--map`: meanings, or a transaction's own names of them, and columns."""
    given: dict[Meaning, str] = {}
    for pair in pairs:
        name, _, column = pair.partition("=")
        meaning = _MEANING_OF.get(name, name)
        if meaning not in MEANINGS or not column:
            raise typer.BadParameter(f"--map {pair}: write meaning=COLUMN; meanings are {', '.join(MEANINGS)}")
        given[meaning] = column
    return given


def currency_of(pairs: list[str]) -> str | None:
    """Read `--set currency=EUR`, the only value that a whole file can be given."""
    currency = None
    for pair in pairs:
        name, _, currency = pair.partition("=")
        if name != "currency" or currency not in READABLE_CURRENCIES:
            raise typer.BadParameter(f"--set {pair}: write currency=EUR, with a code of ISO 4217")
    return currency


def direction_of(text: str | None) -> tuple[str | None, Directions | None]:
    """Read `--direction COLUMN=IN/OUT`: the column, and the words for money in and money out.

    A backslash before a comma, a slash, an equals sign or a backslash makes it a part of a word.
    """
    if text is None or text == NO_DIRECTION:
        return None, None
    parts = _split(text, "=")
    column, sides = "=".join(parts[:-1]), _split(parts[-1], "/")
    if not column or len(sides) != 2:
        raise typer.BadParameter(f"--direction {text}: write COLUMN=IN/OUT, for instance 'Af Bij=Bij/Af', or none")
    inward, outward = (tuple(re.sub(r"\\(.)", r"\1", word) for word in _split(side, ",")) for side in sides)
    try:
        return re.sub(r"\\(.)", r"\1", column), Directions(money_in=inward, money_out=outward)
    except ValidationError as error:
        raise typer.BadParameter(f"--direction {text}: {error.errors()[0]['msg']}") from error


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that no backslash stands before."""
    return re.split(rf"(?<!\\){separator}", text)


def positive_is_out(text: str | None) -> bool | None:
    """Read `--positive in` or `--positive out`."""
    if text not in (None, "in", "out"):
        raise typer.BadParameter(f"--positive {text}: write in or out")
    return None if text is None else text == "out"


def layout_of_options(
    encoding: str | None, delimiter: str | None, skip_lines: int | None, header_line: int | None, sheet: str | None
) -> Layout:
    """The layout that the options name."""
    if skip_lines is not None and header_line and skip_lines != header_line - 1:
        raise typer.BadParameter("--skip-lines and --header-line say different things: give one of them")
    try:
        return Layout(
            encoding=encoding,
            delimiter="\t" if delimiter in ("tab", "\\t") else delimiter,
            skip=skip_lines,
            header=False if header_line == 0 else None,
            header_line=header_line or None,
            sheet=sheet,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(f"{'.'.join(map(str, first['loc'])) or 'layout'}: {first['msg']}") from error


def corrections_of(
    layout: Layout,
    columns: dict[Meaning, str],
    currency: str | None,
    direction: str | None,
    decimal: str | None,
    date_order: str | None,
    time_zone: str | None,
    positive: str | None,
) -> Corrections:
    """All corrections of one command. Raises BadParameter."""
    column, directions = direction_of(direction)
    try:
        checked = Mapping.model_validate(
            {
                "columns": columns | ({"direction": column} if column is not None else {}),
                **({"decimal_sign": decimal} if decimal is not None else {}),
                **({"date_order": date_order} if date_order is not None else {}),
                **({"time_zone": time_zone} if time_zone is not None else {}),
                "currency": currency,
                "directions": directions,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return Corrections(
        layout=layout,
        columns=checked.columns,
        decimal_sign=checked.decimal_sign if decimal is not None else None,
        date_order=checked.date_order if date_order is not None else None,
        time_zone=checked.time_zone if time_zone is not None else None,
        currency=checked.currency,
        directions=checked.directions,
        no_direction=direction == NO_DIRECTION,
        positive_is_out=positive_is_out(positive),
    )
