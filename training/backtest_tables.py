"""A backtest on a screen and as Markdown: the same rows."""

from collections.abc import Sequence

from rich.table import Table

from training.backtest import Backtest, Outcome, Volume

NOTHING = "–"
Row = tuple[str, ...]


def backtest_tables(found: Backtest) -> list[Table]:
    """What it came to, and whose decision would have changed."""
    table = Table("", "decided", "backtest", "difference", title=_title(found), title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in _rows(found):
        table.add_row(*row)
    table.caption, table.caption_justify = _caption(found), "left"
    changed = Table("would have been decided otherwise", "transactions", title_justify="left")
    changed.columns[1].justify = "right"
    for name, count in _changes(found):
        changed.add_row(name, count)
    return [table, changed]


def as_markdown(found: Backtest) -> str:
    """The same as Markdown."""
    lines = [f"## {_title(found)}", "", *_markdown_table(("", "decided", "backtest", "difference"), _rows(found))]
    lines += ["", _caption(found), "", *_markdown_table(("changed", "transactions"), _changes(found))]
    return "\n".join(lines)


def _title(found: Backtest) -> str:
    return f"Backtest of model {found.model}, {found.time_from[:16]} to {found.time_to[:16]}"


def _caption(found: Backtest) -> str:
    policies = "; ".join(
        f"{who}: {limits['review']:g}, {limits['flag']:g}, {limits['decline']:g}"
        for who, limits in found.policies.items()
    )
    told = (
        f"{found.rows:,} transactions, {found.mature:,} of them old enough to be labelled; {found.labels:,} labels,"
        f" {found.frauds.transactions:,} fraud of {found.frauds.amount:,.2f}. Amounts in the base currency."
        f" Thresholds (review, flag, decline): {policies}."
    )
    if found.left_out:
        told += f" {found.left_out:,} were decided without the state and are left out; --refold takes them in."
    return told + (" Vectors were computed anew." if found.refolded else "")


def _rows(found: Backtest) -> list[Row]:
    old, new = found.decided, found.backtest
    rows = [
        _volume("fraud caught (flagged or declined)", old.fraud_caught, new.fraud_caught),
        _volume("  of it blocked (declined)", old.fraud_blocked, new.fraud_blocked),
        _volume("fraud reviewed only", old.fraud_reviewed, new.fraud_reviewed),
        _volume("fraud lost (approved)", old.fraud_lost, new.fraud_lost),
        _volume("legitimate flagged or declined", old.legitimate_alerted, new.legitimate_alerted),
        _volume("  of it blocked (declined)", old.legitimate_blocked, new.legitimate_blocked),
        _volume("legitimate reviewed only", old.legitimate_reviewed, new.legitimate_reviewed),
    ]
    rows += [_volume(f"all: {level.lower()}", old.levels[level], new.levels[level]) for level in old.levels]
    for label, name, form in (
        ("alerts a day", "alerts_a_day", ",.1f"),
        ("precision of alerts", "precision", ".3f"),
        ("recall of fraud", "recall", ".3f"),
        ("recall of its money", "value_recall", ".3f"),
        ("average precision", "average_precision", ".4f"),
        ("ROC AUC", "roc_auc", ".4f"),
    ):
        rows.append(_figure(label, name, form, old, new))
    return rows


def _volume(label: str, old: Volume, new: Volume) -> Row:
    def shown(one: Volume) -> str:
        return f"{one.transactions:,} ({one.amount:,.0f})"

    count, amount = new.transactions - old.transactions, new.amount - old.amount
    return label, shown(old), shown(new), f"{count:+,} ({amount:+,.0f})"


def _figure(label: str, name: str, form: str, old: Outcome, new: Outcome) -> Row:
    one, other = getattr(old, name), getattr(new, name)
    difference = "" if one is None or other is None else format(other - one, f"+{form}")
    return label, *(NOTHING if value is None else format(value, form) for value in (one, other)), difference


def _changes(found: Backtest) -> list[Row]:
    ordered = sorted(found.changed.items(), key=lambda item: -item[1])
    return [(name, f"{count:,}") for name, count in ordered] or [("nothing", "0")]


def _markdown_table(header: Row, rows: Sequence[Row]) -> list[str]:
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return lines + [f"| {' | '.join(cell.strip() for cell in row)} |" for row in rows]
