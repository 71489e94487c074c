"""What `riskstream analyse` says: how it understood the file, what became of every line, and what it found."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.extract.extract import Extracted
from analysis.extract.reading import Accounting, Finding, Question, Reading
from analysis.rows import MINOR
from analysis.run import Outcome
from analysis.strategy import Strategy
from contracts.wording import quantity
from storage.anomalies import FoundAnomaly

REASON_SHOWN = 90  # characters
SURENESS = {"certain": "", "likely": " (likely)", "assumed": " (assumed)"}


def say_understanding(console: Console, reading: Reading) -> None:
    """How the file was understood comes first: a wrong guess makes everything after it wrong."""
    columns = ", ".join(f"{meaning}={printable(name)}" for meaning, name in reading.mapping.columns.items())
    console.print(f"Columns: {columns}", soft_wrap=True)
    for finding in reading.findings:
        console.print(f"  {_finding(finding)}", soft_wrap=True)


def say_questions(console: Console, questions: list[Question]) -> None:
    """Each possible reading with its sums and the option that decides for it."""
    for question in questions:
        console.print(f"{printable(question.question)}", soft_wrap=True)
        for alternative in question.alternatives:
            sums = ", ".join(f"{amount} {currency}".strip() for currency, amount in alternative.sums.items())
            console.print(
                f"  {printable(alternative.label)}: {quantity(alternative.rows, 'row')}, sum {sums or '0.00'}."
                f" Choose it with {printable(alternative.option)}",
                soft_wrap=True,
            )


def say_accounting(console: Console, extracted: Extracted, rejects: list[dict[str, Any]]) -> None:
    """What became of every line."""
    for reject in rejects:
        where = f"line {reject['line']}, {printable(reject['column'])}"
        console.print(f"Not used: {where}: {reject['reason']}: {printable(reject['excerpt'])}", soft_wrap=True)
    if extracted.rejected > len(rejects):
        console.print(f"… and {quantity(extracted.rejected - len(rejects), 'more row')} (--rejects FILE writes all).")
    console.print(lines_text(extracted.accounting), soft_wrap=True)
    if extracted.balance is not None:
        console.print(f"Check: {extracted.balance}{_breaks(extracted.balance.breaks)}.", soft_wrap=True)


def lines_text(accounting: Accounting) -> str:
    """`Of 31 lines 28 landed, 1 is listed as not used; 1 header, 1 preamble`; the numbers add up."""
    others = (
        ("header", accounting.header), ("preamble", accounting.preamble), ("continuation", accounting.continuation),
        ("opening, closing or total", accounting.total), ("blank", accounting.blank),
    )  # fmt: skip
    rest = ", ".join(f"{count:,} {name}" for name, count in others if count)
    listed = f"{accounting.listed:,} not used"
    total = quantity(accounting.lines, "line")
    return f"Of {total} {accounting.landed:,} landed, {listed}{'; ' + rest if rest else ''}."


def say_outcome(
    console: Console, extracted: Extracted, outcome: Outcome, shown: list[FoundAnomaly], strategy: Strategy
) -> None:
    """The rows in all, and the highest anomalies."""
    rejected = f"; {quantity(extracted.rejected, 'row')} could not be used" if extracted.rejected else ""
    console.print(
        f"{quantity(extracted.rows, 'row')} ({extracted.reading.format}){rejected}. Strategy {strategy.name}:"
        f" {outcome.flagged:,} score {strategy.threshold:g} or more."
    )
    if not shown:
        return
    table = Table("", "score", "row", "account", "time (UTC)", "amount", "why", box=None, pad_edge=False)
    for each in shown:
        table.add_row(*_cells(each))
    console.print(table)


def printable(text: str | None) -> str:
    """What came out of a file must not steer the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text or "")


def _finding(finding: Finding) -> str:
    why = f": {printable(finding.evidence)}" if finding.evidence else ""
    return f"{finding.subject}: {printable(finding.value)}{SURENESS[finding.certainty]}{why}"


def _breaks(lines: list[int]) -> str:
    return f"; it breaks at line {', '.join(map(str, lines))}" if lines else ""


def _cells(found: FoundAnomaly) -> list[str]:
    record = found.record
    minor, time_ms = record.get("amount_minor"), record.get("time_ms")
    amount = "" if minor is None else f"{minor / MINOR:,.2f} {record.get('currency', '')}".strip()
    why = next(iter(found.reasons.values()), "")
    at = "" if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    return [
        str(found.rank), f"{found.score:.1f}", str(found.row), printable(record.get("account")), at, amount,
        printable(why)[:REASON_SHOWN],
    ]  # fmt: skip
