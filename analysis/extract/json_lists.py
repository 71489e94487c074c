"""Which list of a JSON document holds its rows, and which it holds besides.

A bank's answer may have several: booked and pending payments, balances, accounts. Those that are booked are never
mixed with those that are not; the first list whose objects have an amount and a time comes before others.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from analysis.extract.json_cutter import Cutter
from analysis.extract.json_values import flat_of
from analysis.extract.names import rank_of
from analysis.extract.reading import Finding

SAMPLE_RECORDS = 20  # of each list, whose fields say what it holds
_PENDING = re.compile(
    r"(?i)pending|unbooked|notbooked|reserv|scheduled|planned|upcoming|future(?!s)|forecast|expected|provisional"
    r"|preliminary|authori[sz]ations?$|authori[sz]ed|onhold|holds$|unsettled|unposted|uncleared|vorgemerkt"
)
_BOOKED = re.compile(r"(?i)booked|posted|settled|cleared|completed|gebucht")
_ROWS = re.compile(
    r"(?i)transactions?$|entries$|payments?$|bookings?$|movements?$|operations?$|items$|rows$|records$|data$"
)
_OTHER = re.compile(r"(?i)balance|saldo|rates?$|accounts?$|links?$|errors?$|warnings?$|categor|customers?$|holders?$")


@dataclass
class _List:
    """`place` counts lists with objects; -1 of an empty one."""

    path: str
    place: int
    records: int = 0
    fields: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.path or "the outermost list"

    @property
    def is_pending(self) -> bool:
        return _PENDING.search(_squeezed(self.path)) is not None

    @property
    def is_booked(self) -> bool:
        return not self.is_pending and _BOOKED.search(_squeezed(self.path)) is not None

    @property
    def worth(self) -> tuple[bool, int]:
        """What speaks for its objects being rows: not its name against, and what their fields are called."""
        has_amount = any(
            rank_of(meaning, name) is not None
            for name in self.fields
            for meaning in ("amount", "money_in", "money_out")
        )
        has_time = any(rank_of("time", name) is not None for name in self.fields)
        return _OTHER.search(self.path.rpartition(".")[2]) is None and has_amount, has_amount + has_time


@dataclass
class Lists:
    """All lists of a document. `chosen`: the places of those whose objects are rows; None where there is no list."""

    lists: list[_List]
    chosen: frozenset[int] | None = None
    path: str = ""

    @property
    def records(self) -> int:
        return sum(each.records for each in self.lists if self.chosen and each.place in self.chosen)

    @property
    def pending(self) -> list[_List]:
        """Lists with what is not booked; their records are listed."""
        return [each for each in self._left if each.is_pending]

    @property
    def passed(self) -> int:
        """Records of further lists, which are only named."""
        return sum(each.records for each in self._left if not each.is_pending)

    @property
    def _left(self) -> list[_List]:
        chosen = self.chosen or frozenset()
        return [each for each in self.lists if each.place >= 0 and each.place not in chosen]

    def findings(self) -> list[Finding]:
        """What was chosen, and what was left out; nothing where there is one list or none."""
        if not self._left:
            return []
        found = [_finding("rows", self.path or "the outermost list", f"{self.records} records")]
        for each in self._left:
            count = f"{each.records} {'record' if each.records == 1 else 'records'}"
            said = "not booked, each is listed" if each.is_pending else "another list than that of the rows"
            found.append(_finding("left out", f"{each.name!r} ({count})", said))
        return found


def _finding(subject: str, value: str, evidence: str) -> Finding:
    return Finding(subject=subject, value=value, basis="format", certainty="likely", evidence=evidence)


def lists_of(pieces: Iterator[tuple[bytes, int]]) -> Lists:
    """Read a document through. Raises FileRefused where it is nested too deep."""
    cut = Cutter(None, all_lists=True)
    fields: dict[int, set[str]] = {}
    seen: dict[int, int] = {}
    for piece, at in pieces:
        for found in cut.more(piece, at):
            if isinstance(found, tuple):
                seen[cut.place] = seen.get(cut.place, 0) + 1
                if seen[cut.place] <= SAMPLE_RECORDS and isinstance(flat := flat_of(found[1]), dict):
                    fields.setdefault(cut.place, set()).update(flat)
    lists: list[_List] = []
    place = -1
    for path, count in cut.counts:
        place += count >= 0
        lists.append(_List(path, place if count >= 0 else -1, max(count, 0), fields.get(place, set())))
    return _chosen(lists)


def _chosen(lists: list[_List]) -> Lists:
    held = [each for each in lists if each.place >= 0]
    if not held:
        return Lists(lists)
    booked = [each for each in lists if not each.is_pending]
    has_pending = any(each.is_pending for each in held)
    if has_pending:
        # Beside what is pending, a list called booked holds the rows, though it may be empty.
        booked = [each for each in booked if each.is_booked] or booked
    best = max(booked, key=lambda each: each.worth, default=None)  # the first of those that are worth most
    if best is not None and not best.worth[0]:
        # What is called rows and is empty says that there are none: balances beside it are none either.
        best = next((each for each in booked if each.place < 0 and _ROWS.search(each.path)), best)
    if best is None or (has_pending and not best.worth[0]):
        return Lists(lists, frozenset())
    same = frozenset(each.place for each in lists if each.path == best.path and each.place >= 0)
    return Lists(lists, same, best.path)


def _squeezed(path: str) -> str:
    return re.sub(r"[\s_-]+", "", path)
