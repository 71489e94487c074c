"""Puts what arrives out of order, twice, or with holes, back into the one order there is. Pure."""

from typing import Generic, TypeVar

Item = TypeVar("Item")
AHEAD_MAX = 1000  # numbers kept while one before them is missing; the rest is read from Postgres again


class Sequencer(Generic[Item]):
    """Passes on the next number only. `last` is the newest number that was passed on."""

    def __init__(self, last: int, ahead_max: int = AHEAD_MAX) -> None:
        self.last = last
        self._ahead_max = ahead_max
        self._ahead: dict[int, Item] = {}

    @property
    def has_gap(self) -> bool:
        """Whether something later has arrived than the number that is due."""
        return bool(self._ahead)

    def offer(self, sequence: int, item: Item) -> list[tuple[int, Item]]:
        """Take one arrival; returns what is due now, in order, without holes: often one, sometimes none.

        What was passed on before is dropped. Beyond `ahead_max` waiting numbers the newest are forgotten: they
        are stored, and are found again when the hole is filled.
        """
        if sequence <= self.last:
            return []
        if sequence != self.last + 1:
            self._wait(sequence, item)
            return []
        due = [(sequence, item)]
        self.last = sequence
        self._ahead.pop(sequence, None)
        while self.last + 1 in self._ahead:
            self.last += 1
            due.append((self.last, self._ahead.pop(self.last)))
        return due

    def _wait(self, sequence: int, item: Item) -> None:
        self._ahead[sequence] = item
        if len(self._ahead) > self._ahead_max:
            del self._ahead[max(self._ahead)]
