"""Which list of a JSON document holds its rows: one of money that moved. What is pending has not moved."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from analysis.extract.amounts import is_amount
from analysis.extract.encoding import text_of
from analysis.extract.json_values import flat_of
from analysis.extract.json_walk import TOP, Walk
from analysis.extract.kinds import kind_of
from analysis.extract.names import folded, rank_of
from analysis.extract.parts import FileRefused
from analysis.extract.reading import Meaning

SAMPLE_OBJECTS = 30  # of each list
NAMED_MAX = 10  # lists that are named in a sentence
_MONEY: tuple[Meaning, ...] = ("amount", "money_in", "money_out")
# What a list is called that holds money which has not moved, or not yet.
_NOT_BOOKED = re.compile(
    r"\b(?:pending|pdng|unbooked|not booked|non booked|uncleared|unsettled|unposted|outstanding|scheduled|future"
    r"|upcoming|planned|reserved|reservations?|holds?"
    r"|on hold|authori[sz]ations?|authori[sz]ed|blocked|declined|rejected|failed"
    r"|cancell?ed|forecasts?|drafts?|information|vorgemerkt\w*|vorgemerkte?|en attente|pendientes?|in behandeling)\b"
)
# What a list is called that holds no movements, though its objects have amounts and dates.
_NO_MOVEMENTS = re.compile(
    r"\b(?:balances?|saldo|salden|saldi|accounts?|summary|summaries|totals?|limits?|fees?|rates?|prices?|quotes?|budgets?"
    r"|statements?|periods?|standing orders?|direct debits?|mandates?|beneficiar(?:y|ies)|customers?|cards?|errors?)\b"
)


@dataclass
class FoundList:
    """A list of objects, with its first ones."""

    name: str
    count: int = 0
    samples: list[dict[str, str]] = field(default_factory=list)
    problem: str = ""  # why its first object that cannot be used cannot

    @property
    def is_empty(self) -> bool:
        """Whether it is there, would hold movements, and has none."""
        return not self.count and not self.is_pending and not self.is_beside

    @property
    def is_beside(self) -> bool:
        """Whether its name says that it holds something else than movements."""
        return bool(_NO_MOVEMENTS.search(folded(self.name.rpartition(".")[2])))

    @property
    def is_pending(self) -> bool:
        return bool(_NOT_BOOKED.search(folded(self.name)))

    @property
    def moves(self) -> int:
        """How surely its objects are movements of money: 2 with a date, 1 without, 0 without an amount."""
        fields = {name for sample in self.samples for name in sample}
        has_amount = any(
            is_amount(sample.get(name, ""))
            for name in fields
            if any(rank_of(meaning, name) is not None for meaning in _MONEY)
            for sample in self.samples
        )
        has_date = any(kind_of(value) == "date" for sample in self.samples for value in sample.values())
        return has_amount + (has_amount and has_date)

    def __str__(self) -> str:
        return f"{named(self.name)} ({self.count:,} record{'s' if self.count != 1 else ''})"


@dataclass
class Lists:
    """The list of the rows; those whose objects are listed, because they may be money, too; and the rest."""

    rows: FoundList
    listed: list[FoundList] = field(default_factory=list)
    others: list[FoundList] = field(default_factory=list)


def named(name: str) -> str:
    """A list's name for people."""
    return {TOP: "the top level", "[]": "the document's list"}.get(name, repr(name))


def choose_list(path: Path, encoding: str, wanted: str | None = None) -> Lists:
    """Look through the whole document. Raises FileRefused where it has no objects, or none that is booked."""
    found = {each.name: each for each in _found(path, encoding)}
    if wanted is not None:
        if wanted not in found:
            raise FileRefused(f"the document has no list {wanted!r} of objects; {_has(list(found.values()))}")
        return _around(found[wanted], list(found.values()))
    usable = [each for each in found.values() if each.samples]
    if not usable:
        problem = next((f"; the first one: {each.problem}" for each in found.values() if each.problem), "")
        raise FileRefused(f"the file holds no objects with fields, one for each row{problem}")
    movements = [each for each in found.values() if each.moves and each.name != TOP]
    top = found.get(TOP)
    if top is not None and top.moves and (top.count > 1 or not movements):
        movements.insert(0, top)
    booked = [each for each in movements if not each.is_pending]
    if movements and not booked:
        raise FileRefused(f"the document has no booked records; not booked: {_has(movements)}")
    empty = [named(each.name) for each in found.values() if each.is_empty]
    held = booked or [each for each in usable if each.name != TOP]
    if held and empty and all(each.is_beside for each in held):
        raise FileRefused(f"the document has no booked records: {empty[0]} is empty; beside it: {_has(held)}")
    # Without amounts nothing says what its rows are: then it is the first list, and the mapping tells what is missing.
    best = min(booked, key=_rank) if booked else min(usable, key=lambda each: each.name == TOP)
    return _around(best, list(found.values()))


def _rank(found: FoundList) -> tuple[bool, int]:
    """The best is the least; of equals the first in the file."""
    return found.is_beside, -found.moves


def _around(rows: FoundList, found: list[FoundList]) -> Lists:
    chosen = Lists(rows)
    for each in found:
        # What is in a row is kept with it, and what the row is in holds it.
        if each is rows or each.name.startswith(f"{rows.name}[]") or not each.count:
            continue
        if each.name == TOP and (each.count == 1 or not each.moves):
            continue
        if rows.name.startswith(("[].", f"{each.name}[]")) and (each.name == "[]" or rows.name.startswith(each.name)):
            continue
        if rows.name == "[]" and each.name.startswith("[]."):
            continue
        (chosen.listed if each.moves and not each.is_beside else chosen.others).append(each)
    return chosen


def _has(found: list[FoundList]) -> str:
    shown = ", ".join(str(each) for each in found[:NAMED_MAX] if each.count)
    return f"{shown}{', …' if len(found) > NAMED_MAX else ''}" or "it has none"


def _found(path: Path, encoding: str) -> Iterator[FoundList]:
    """Every list of the document that has objects, or is empty, in the order in which they begin."""
    walk = Walk()
    lists: dict[str, FoundList] = {}
    for element in walk.elements(text_of(path, encoding)):
        if element.kind != "object":
            continue
        found = lists.setdefault(element.name, FoundList(element.name))
        if len(found.samples) < SAMPLE_OBJECTS and element.text is not None:
            row = flat_of(element.text)
            if isinstance(row, str):
                found.problem = found.problem or row
            elif row:
                found.samples.append(row)
    for name, count in walk.seen.items():
        found = lists.get(name, FoundList(name))
        found.count = count
        yield found
