"""Duplicates: the same account, counterparty and amount again within a few days."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.chunks import MINOR, NO_TIME, Rows
from analysis.detectors import protocol
from analysis.detectors.calendar import DAY_MS
from analysis.detectors.protocol import Found, Kind, Setting

PAID = ("account", "counterparty", "merchant", "currency")
KEYS_MAX = 20_000_000  # what was paid, 16 bytes each; beyond them nothing new is counted
KEPT_MAX = 1_000_000  # repeated ones in the window; of more the oldest are forgotten


class Config(protocol.Config):
    days: float = Field(3, gt=0, le=400, description="How far apart two rows may lie.")
    amount_min: float = Field(10, ge=0, le=1e12, description="Smaller amounts repeat all the time and are not judged.")


class Duplicate:
    name: ClassVar[str] = "duplicate"
    kind: ClassVar[Kind] = "rule"
    summary: ClassVar[str] = "The same amount between the same two again within days."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = f"A hash of what was paid, up to {KEYS_MAX:,}; the repeated rows of the window."
    evidence: ClassVar[tuple[str, ...]] = ("times", "hours")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, _: Setting) -> None:
        self._config = config
        self._counted = Counted()
        # What was paid → (newest time, how many in a row), the least recent first.
        self._paid: OrderedDict[int, tuple[int, int]] = OrderedDict()

    def fit(self, rows: Rows) -> None:
        self._counted.add(_keys(rows))

    def finish(self) -> None:
        self._counted.finish()

    def detect(self, rows: Rows) -> Found:
        times, hours, score = np.zeros(len(rows)), np.full(len(rows), np.nan), np.zeros(len(rows))
        keys = _keys(rows)
        totals = self._counted.of(keys)
        judged = (totals > 1) & (np.abs(rows.amount) >= self._config.amount_min) & (rows.time_ms != NO_TIME)
        window = self._config.days * DAY_MS
        for i in np.flatnonzero(judged).tolist():
            key, time = int(keys[i]), int(rows.time_ms[i])
            before, run = self._paid.get(key, (NO_TIME, 0))
            repeated = before != NO_TIME and time - before <= window
            run = run + 1 if repeated else 1
            if repeated:
                times[i], hours[i] = run, (time - before) / 3_600_000
                # Of rows that repeat all the time (a standing order) a repetition says little.
                score[i] = run / np.sqrt(totals[i])
            self._paid[key] = time, run
            self._paid.move_to_end(key)
            if len(self._paid) > KEPT_MAX:
                self._paid.popitem(last=False)
        return Found(score, {"times": times, "hours": hours})

    def reason(self, evidence: Mapping[str, float]) -> str:
        return (
            f"The same amount between the same two for the {_ordinal(int(evidence['times']))} time in a row,"
            f" {evidence['hours']:,.1f} hours after the last one"
        )


class Counted:
    """How often each key came: in sorted arrays, for a dictionary takes ten times as much."""

    def __init__(self) -> None:
        self._keys, self._counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._waiting: list[NDArray[np.int64]] = []
        self._rows_waiting = 0

    def add(self, keys: NDArray[np.int64]) -> None:
        self._waiting.append(keys)
        self._rows_waiting += len(keys)
        if self._rows_waiting > max(len(self._keys), 1_000_000):  # so that merging stays a small share of the work
            self._merge()

    def finish(self) -> None:
        self._merge()
        again = self._counts > 1
        self._keys, self._counts = self._keys[again], self._counts[again]

    def of(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The counts of keys that came more than once, 0 of the others."""
        if not len(self._keys):
            return np.zeros(len(keys), np.int64)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[place] == keys, self._counts[place], 0)

    def _merge(self) -> None:
        new, counts = np.unique(np.concatenate([*self._waiting, np.zeros(0, np.int64)]), return_counts=True)
        if len(self._keys) >= KEYS_MAX:
            known = np.isin(new, self._keys, assume_unique=True)
            new, counts = new[known], counts[known]
        keys, places = np.unique(np.concatenate((self._keys, new)), return_inverse=True)
        self._counts = np.bincount(places, np.concatenate((self._counts, counts)), minlength=len(keys)).astype(np.int64)
        self._keys, self._waiting, self._rows_waiting = keys, [], 0


def _keys(rows: Rows) -> NDArray[np.int64]:
    """A hash of what was paid between whom; two unlike rows have the same one once in 2**64 pairs."""
    hashed = _mixed(np.round(rows.amount * MINOR).astype(np.int64).view(np.uint64))
    for name in PAID:
        hashed = _mixed(hashed ^ rows.words[name].astype(np.int64).view(np.uint64))
    return hashed.view(np.int64)


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): each bit of a number changes half of the result's."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{('th', 'st', 'nd', 'rd')[number % 10] if number % 10 < 4 else 'th'}"
