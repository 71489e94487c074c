"""What an account report says of itself, held against its entries: balances, sums, and what was not booked."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from analysis.extract.camt import is_booked, money_of, moved, status_of
from analysis.extract.reading import BalanceCheck, Finding
from analysis.extract.xml_node import Node

OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD", "ITBD")  # booked; PRCD is the closing balance of the day before
BREAKS_MAX = 20  # lines that are named


@dataclass
class _Statement:
    """One statement of a file. `sums`: currency → what its booked entries moved; `gross` has no signs."""

    balances: dict[str, tuple[Decimal, str, int]] = field(default_factory=dict)  # kind → amount, currency, line
    sums: dict[str, Decimal] = field(default_factory=dict)
    entries: int = 0
    rows: int = 0
    gross: Decimal = Decimal(0)
    summary: Node | None = None


@dataclass
class CamtTotals:
    """Told of each element in turn. A new account begins a new statement."""

    differing: int = 0  # entries that count in place of their details
    reversals: int = 0
    _waiting: Counter[str] = field(default_factory=Counter)  # status → entries that are not booked
    _waiting_sums: dict[tuple[str, str], Decimal] = field(default_factory=dict)  # status, currency
    _open: _Statement = field(default_factory=_Statement)
    _confirmed: int = 0
    _checked: int = 0
    _breaks: list[int] = field(default_factory=list)
    _said: list[str] = field(default_factory=list)  # how a statement differs from its own totals
    _agreeing: int = 0  # totals of statements that agree

    def begin(self) -> None:
        """A statement ends, and the next begins."""
        self._check()
        self._open = _Statement()

    def balance(self, node: Node) -> None:
        kind = node.value("Tp/CdOrPrtry/Cd", "Tp/Cd")
        found = money_of(node.at("Amt"), node.value("CdtDbtInd"))
        # Of a statement in pages the first opening balance counts, and the last closing one.
        if found is not None and (kind not in OPENING or kind not in self._open.balances):
            self._open.balances[kind] = (*found, node.line)

    def summary(self, node: Node) -> None:
        self._open.summary = node

    def entry(self, node: Node, rows: Iterable[dict[str, str]]) -> None:
        found = moved(node)
        statement = self._open
        statement.entries += 1
        statement.gross += abs(found[0]) if found else 0
        if not is_booked(node):
            status = status_of(node)
            self._waiting[status] += 1
            if found is not None:
                key = (status, found[1])
                self._waiting_sums[key] = self._waiting_sums.get(key, Decimal(0)) + found[0]
            return
        made = list(rows)
        statement.rows += len(made)
        self.differing += any(row.get("details differ") for row in made)
        self.reversals += any(row.get("reversal") for row in made)
        if found is not None:
            statement.sums[found[1]] = statement.sums.get(found[1], Decimal(0)) + found[0]

    def _check(self) -> None:
        statement = self._open
        opening = next((statement.balances[kind] for kind in OPENING if kind in statement.balances), None)
        closing = next((statement.balances[kind] for kind in CLOSING if kind in statement.balances), None)
        if opening and closing and opening[1] == closing[1] and set(statement.sums) <= {opening[1]}:
            should = opening[0] + statement.sums.get(opening[1], Decimal(0))
            self._checked += statement.rows
            if should == closing[0]:
                self._confirmed += statement.rows
            else:
                self._breaks.append(closing[2])
                self._said.append(
                    f"line {closing[2]}: the opening balance and the entries make {should:f} {closing[1]},"
                    f" the closing balance is {closing[0]:f}"
                )
        if statement.summary is not None:
            self._check_summary(statement, statement.summary)

    def _check_summary(self, statement: _Statement, summary: Node) -> None:
        count = summary.value("TtlNtries/NbOfNtries")
        total = money_of(summary.at("TtlNtries/Sum"))
        if count.isdecimal() and int(count) != statement.entries:
            self._said.append(f"line {summary.line}: it counts {count} entries, there are {statement.entries}")
        elif total is not None and total[0] != statement.gross:
            self._said.append(
                f"line {summary.line}: its entries sum to {total[0]:f}, those here to {statement.gross:f}"
            )
        elif count or total is not None:
            self._agreeing += 1

    @property
    def check(self) -> BalanceCheck | None:
        """How many rows are of statements whose balances their entries explain. Call `begin` before."""
        if not self._checked and not self._breaks:
            return None
        return BalanceCheck(confirmed=self._confirmed, checked=self._checked, breaks=self._breaks[:BREAKS_MAX])

    def findings(self) -> list[Finding]:
        """What became of the entries. Call `begin` before."""
        found = []
        for status, count in self._waiting.items():
            sums = [f"{each:f} {code}" for (kind, code), each in self._waiting_sums.items() if kind == status]
            value = f"{count} {'entry' if count == 1 else 'entries'} of status {status}, {', '.join(sums)}"
            found.append(_finding("not booked", value, "listed, not landed"))
        if self.differing:
            value = f"{self.differing} {'entry counts' if self.differing == 1 else 'entries count'} as a whole"
            found.append(_finding("details", value, "their transactions do not add up to them in their currency"))
        if self.reversals:
            found.append(_finding("reversal", f"{self.reversals} booked", "each in the direction of the reversal"))
        found += [_finding("totals", "the report's own totals differ", said) for said in self._said[:BREAKS_MAX]]
        if self._agreeing:
            found.append(_finding("totals", "the entries make the report's own totals", "number and sum"))
        return found


def _finding(subject: str, value: str, evidence: str) -> Finding:
    return Finding(subject=subject, value=value, basis="format", certainty="certain", evidence=evidence)
