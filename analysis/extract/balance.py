"""A running balance proves the amounts: from row to row it moves by what was booked.

It proves them in the order of the file or against it (newest first), as the balance after each row or before it, and
for each account by itself. Nothing else in a file says as surely which column is the amount, and which way it goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.extract.reading import BalanceCheck

BREAKS_MAX = 20  # lines that are kept
MISSING_MAX = 100_000  # lines of rows that did not land, the newest; batches are shorter
WAYS = 4  # oldest first or newest first; after each row or before it
ENOUGH = 0.8  # of the rows must be confirmed for a proof
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Proof:
    """How a balance moves by amounts.

    `way`: by the amounts as they are, by their opposites, or sometimes one and sometimes the other ("both": they carry
    no sign). `signs`: of each row the way that the balance moved by its amount, 0 where that is not known. `is_sure`:
    whether the order of the dates agrees; else the balance may be that before each row, and all signs the opposite.
    """

    way: Literal["as is", "reversed", "both"]
    confirmed: int
    checked: int
    signs: Ints
    is_sure: bool = True

    def __str__(self) -> str:
        return f"the balance moves by it in {self.confirmed:,} of {self.checked:,} rows"


def proof(
    amount: Ints, balance: Ints, is_known: Bools, groups: Ints, sequence: int = 0, *, is_signed: bool = True
) -> Proof | None:
    """What the balance proves of the amounts; None where it proves nothing. n values each.

    `groups`: accounts. `sequence`: 1 where the dates rise, -1 where they fall, 0 where that is not known.
    `is_signed`: whether a minus is one of the file, and not of a guess which column is money out. A balance
    before each row moves by the row above, as one after each row does where the newest is first, but the other way: so
    the dates decide which of them it is.
    """
    before, after = _neighbours(np.flatnonzero(is_known), groups)
    if not len(after):
        return None
    moved = balance[after] - balance[before]
    best: Proof | None = None
    for places, delta, usual in ((after, moved, 1), (before, -moved, -1)):
        found = _held_against(amount, places, delta)
        if found is None or (best is not None and found.confirmed <= best.confirmed):
            continue
        is_sure = sequence == usual
        has_minus = is_signed and bool(np.any(amount < 0))
        if found.way == "reversed" and (sequence == -usual or (not sequence and has_minus)):
            found = replace(found, way="as is", signs=-found.signs)
            is_sure = True
        best = replace(found, is_sure=is_sure)
    return best


def _held_against(amount: Ints, places: Ints, delta: Ints) -> Proof | None:
    """A proof by these rows' amounts, if they are what the balance moved by."""
    booked = amount[places]
    counts = (booked != 0) | (delta != 0)
    moves = np.abs(delta) == np.abs(booked)
    checked, confirmed = int(counts.sum()), int((moves & counts).sum())
    if not confirmed or confirmed < checked * ENOUGH:
        return None
    if checked > 1 and len(np.unique(np.abs(booked[counts]))) == 1 and len(np.unique(delta[counts])) == 1:
        return None  # a number that counts the rows moves by one, as does any column of ones
    signs = np.zeros(len(amount), np.int64)
    signs[places] = np.where(moves, np.sign(delta) * np.sign(booked), 0)
    plus, minus = int((signs > 0).sum()), int((signs < 0).sum())
    way: Literal["as is", "reversed", "both"] = "both"
    if max(plus, minus) >= confirmed * 0.95:
        way = "as is" if plus > minus else "reversed"
    return Proof(way, confirmed, checked, signs)


def _neighbours(places: Ints, groups: Ints) -> tuple[Ints, Ints]:
    """Rows and those that follow them in the same group, in the order of the file."""
    order = places[np.argsort(groups[places], kind="stable")]
    same = groups[order[1:]] == groups[order[:-1]]
    return order[:-1][same], order[1:][same]


@dataclass
class RunningCheck:
    """Checks a whole file, batch by batch, in all ways that a balance can run at once; the best is the file's."""

    _last: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # account → line, balance, amount
    _confirmed: list[int] = field(default_factory=lambda: [0] * WAYS)
    _checked: int = 0
    _breaks: list[list[int]] = field(default_factory=lambda: [[] for _ in range(WAYS)])
    _missing: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    _missed: list[int] = field(default_factory=list)  # since then: sorted in when they are needed, not one by one

    def add(
        self, lines: Ints, amount: Ints, balance: Ints, is_known: Bools, codes: Ints, accounts: Sequence[str]
    ) -> None:
        """Rows in the order of the file; what is not known is passed over. `codes`: each row's place in `accounts`."""
        known = np.flatnonzero(is_known)
        order = known[np.argsort(codes[known], kind="stable")]
        if not len(order):
            return
        group = codes[order]
        is_first = np.append(True, group[1:] != group[:-1])
        before, after = order[:-1][~is_first[1:]], order[1:][~is_first[1:]]
        self._count((lines[before], lines[after]), balance[after] - balance[before], amount[before], amount[after])
        for place in order[is_first].tolist():
            last = self._last.get(accounts[codes[place]])
            if last is not None:
                self._count(
                    (np.array([last[0]]), lines[[place]]),
                    balance[[place]] - last[1],
                    np.array([last[2]]),
                    amount[[place]],
                )
        for place in order[np.append(is_first[1:], True)].tolist():
            self._last[accounts[codes[place]]] = (int(lines[place]), int(balance[place]), int(amount[place]))

    def miss(self, lines: Sequence[int]) -> None:
        """Rows that did not land: what stands on one side of them cannot be compared with the other."""
        self._missed += lines
        if len(self._missed) > MISSING_MAX:
            self._sort_in()

    def result(self) -> BalanceCheck | None:
        """The way that holds in most rows; None where no row could be checked."""
        if not self._checked:
            return None
        best = self._confirmed.index(max(self._confirmed))
        return BalanceCheck(
            confirmed=self._confirmed[best], checked=self._checked, breaks=sorted(self._breaks[best])[:BREAKS_MAX]
        )

    def _sort_in(self) -> None:
        if self._missed:
            self._missing = np.sort(np.append(self._missing[-MISSING_MAX:], np.array(self._missed, np.int64)))
            self._missed = []

    def _count(self, lines: tuple[Ints, Ints], moved: Ints, earlier: Ints, later: Ints) -> None:
        self._sort_in()
        if len(self._missing):
            whole = np.searchsorted(self._missing, lines[0]) == np.searchsorted(self._missing, lines[1])
            lines, moved, earlier, later = (
                (lines[0][whole], lines[1][whole]),
                moved[whole],
                earlier[whole],
                later[whole],
            )
        self._checked += len(moved)
        for place, holds in enumerate((moved == later, -moved == earlier, moved == earlier, -moved == later)):
            self._confirmed[place] += int(holds.sum())
            room = max(BREAKS_MAX - len(self._breaks[place]), 0)
            self._breaks[place].extend(lines[1][~holds][:room].tolist())
