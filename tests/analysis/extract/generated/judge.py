"""What the product makes of a file whose truth is known: right, asks, refuses, or silently wrong, and in what."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pyarrow.parquet as pq

from analysis.extract.extract import Defaults, extract
from analysis.extract.parts import FileRefused
from tests.analysis.extract.generated.bank_file import BankFile, TruthRow

Outcome = Literal["right", "asks", "refuses", "wrong"]
DIRECTION_SUBJECTS = ("direction", "amount", "sign")


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind`: sign, column, scale, missing row not listed, extra row, wrong day, … `line` is 0 for the whole file."""

    kind: str
    line: int
    detail: str


@dataclass(slots=True)
class Verdict:
    """`listed`: payments that the product did not read, and said so."""

    outcome: Outcome
    faults: list[Fault] = field(default_factory=list)
    listed: int = 0
    message: str = ""

    @property
    def kinds(self) -> Counter[str]:
        return Counter({fault.kind: 1 for fault in self.faults})

    def __str__(self) -> str:
        told = "; ".join(f"{fault.kind} on line {fault.line}: {fault.detail}" for fault in self.faults[:5])
        return f"{self.outcome} {self.message} {told}".strip()


def judged(file: BankFile) -> Verdict:
    """Reads the file as an upload is read, without any help, and compares."""
    with TemporaryDirectory() as folder:
        path, rows, rejects = (Path(folder) / name for name in ("file", "rows.parquet", "rejects.parquet"))
        path.write_bytes(file.data)
        try:
            extracted = extract(path, file.name, rows, rejects, defaults=Defaults(time_zone="UTC"))
        except FileRefused as refusal:
            asks = any(kind.__name__ == "NeedsConfirmation" for kind in type(refusal).__mro__)
            return Verdict("asks" if asks else "refuses", message=str(refusal))
        except Exception as error:  # noqa: BLE001 - a crash is a verdict, not the end of the examination
            return Verdict("wrong", [Fault("crash", 0, repr(error))])
        return compared(file, extracted, pq.read_table(rows).to_pylist(), pq.read_table(rejects).to_pylist())


def compared(file: BankFile, extracted: Any, landed: list[dict[str, Any]], rejects: list[dict[str, Any]]) -> Verdict:
    """The verdict on a reading that landed rows."""
    faults, listed = _rows_compared(file, landed, {reject["line"] for reject in rejects})
    faults += _accounting(file, extracted)
    assumed = _assumed(extracted)
    if "time" in assumed:  # rows without a day are no silence where that is said
        faults = [fault for fault in faults if fault.kind != "no day"]
    if "direction" in file.undecidable and not assumed.intersection(DIRECTION_SUBJECTS):
        faults.append(Fault("sign not said as assumed", 0, "nothing in the file tells the direction"))
    if "date order" in file.undecidable and not any("date" in subject for subject in assumed):
        faults.append(Fault("date order not said as assumed", 0, "days and months can be exchanged"))
    return Verdict("wrong" if faults else "right", faults, listed)


def _assumed(extracted: Any) -> set[str]:
    findings = getattr(extracted.reading, "findings", [])
    return {finding.subject for finding in findings if finding.certainty == "assumed"}


def _rows_compared(file: BankFile, landed: list[dict[str, Any]], rejected: set[int]) -> tuple[list[Fault], int]:
    by_line = {line: row for row in file.rows for line in range(row.line, row.last_line + 1)}
    seen: set[int] = set()
    faults: list[Fault] = []
    for row in landed:
        truth = by_line.get(row["row"])
        if truth is None or truth.line in seen:
            faults.append(Fault("extra row", row["row"], f"landed {row['amount_minor']}"))
            continue
        seen.add(truth.line)
        faults += _row_faults(file, truth, row)
    listed = 0
    for truth in file.rows:
        if truth.line in seen:
            continue
        if rejected.intersection(range(truth.line, truth.last_line + 1)):
            listed += 1
        else:
            faults.append(Fault("missing row not listed", truth.line, f"amount {truth.amount}"))
    return faults, listed


def _row_faults(file: BankFile, truth: TruthRow, row: dict[str, Any]) -> list[Fault]:
    kinds = {
        _amount_fault(file, truth, row["amount_minor"]): f"{row['amount_minor']} for {truth.amount}",
        _time_fault(file, truth, row["time_ms"]): f"{row['time_ms']} for {truth.days}, {truth.moment_ms}",
        _currency_fault(file, truth, row["currency"]): f"{row['currency']} for {truth.currency}",
        _account_fault(truth, row["account"]): f"{row['account']} for {truth.account}",
        _text_fault(file, row): f"{row['text']!r} {row['counterparty']!r}",
    }
    return [Fault(kind, truth.line, detail) for kind, detail in kinds.items() if kind]


def _amount_fault(file: BankFile, truth: TruthRow, amount: int) -> str:
    if amount == truth.amount:
        return ""
    if amount == -truth.amount:
        return "" if "direction" in file.undecidable or not truth.sign_known else "sign"
    if amount and any(
        abs(amount) * 10**n == abs(truth.amount) or abs(amount) == abs(truth.amount) * 10**n for n in range(1, 7)
    ):
        return "scale"
    return "column"


def _time_fault(file: BankFile, truth: TruthRow, time_ms: int | None) -> str:
    if time_ms is None:
        return "no day"
    day = datetime.fromtimestamp(time_ms / 1000, UTC).date()
    if "date order" in file.undecidable and day in {_exchanged(true) for true in truth.days}:
        return ""
    if day not in truth.days:
        return "wrong day"
    midnight = time_ms % 86_400_000 == 0
    if not midnight and truth.moment_ms is not None and time_ms != truth.moment_ms and day == truth.days[0]:
        return "wrong time of day"
    return ""


def _exchanged(day: date) -> date:
    """The day that is read when day and month change places."""
    return day.replace(day=day.month, month=day.day) if day.day <= 12 else day


def _currency_fault(file: BankFile, truth: TruthRow, currency: str | None) -> str:
    if currency == truth.currency or (not currency and not file.needs_currency):
        return ""
    return "wrong currency"


def _account_fault(truth: TruthRow, account: str | None) -> str:
    if not account or truth.account is None:
        return ""
    return "" if account.replace(" ", "") == truth.account else "wrong account"


def _text_fault(file: BankFile, row: dict[str, Any]) -> str:
    letters = {sign for name in ("text", "counterparty") for sign in row[name] or "" if ord(sign) > 127}
    return "garbled text" if letters - file.characters else ""


def _accounting(file: BankFile, extracted: Any) -> list[Fault]:
    """The parts have to add up to the file's lines; nothing to compare where the product does not count yet."""
    accounting = getattr(extracted, "accounting", None)
    if accounting is None:
        return []
    counts = accounting.model_dump()
    lines = counts.pop("lines")
    faults = []
    if sum(counts.values()) != lines:
        faults.append(Fault("accounting does not add up", 0, str(accounting)))
    if lines != file.lines:
        faults.append(Fault("accounting of other lines", 0, f"{lines} for {file.lines}"))
    return faults
