"""What is still kept of one entity, as docs/FEATURES.md says it: ring, tiles, lists, the place outside the ring.

Everything is computed anew from the whole list of the entity's events, in no particular order.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from tests.features.oracle_event import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, OracleEvent

RING_LENGTH = 512
RING_AGE_MS = 25 * HOUR_MS + 30 * MINUTE_MS
RING_KINDS = frozenset({"account", "device", "beneficiary"})
LIST_LENGTHS = {"account": 512, "device": 256, "ip": 256, "beneficiary": 256}

WINDOWS_MS = {
    "5m": 5 * MINUTE_MS,
    "1h": HOUR_MS,
    "6h": 6 * HOUR_MS,
    "24h": 24 * HOUR_MS,
    "7d": 7 * DAY_MS,
    "30d": 30 * DAY_MS,
}
RING_WINDOW_MAX_MS = 24 * HOUR_MS
MONTH_MS = 30 * DAY_MS
LATE_MS = HOUR_MS

TILE_WIDTHS_MS = (15 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 6 * HOUR_MS)
WIDEST_TILE_MS = 6 * HOUR_MS
WIDEST_TILE_KEPT_MS = 38 * DAY_MS + HOUR_MS
TILES_IN_WINDOW_MIN = 12


@cache
def tile_width_of(window: int) -> int:
    return max(width for width in TILE_WIDTHS_MS if window // width >= TILES_IN_WINDOW_MIN)


@cache
def tile_kept_ms(width: int) -> int:
    """How far behind the entity's newest event a tile of this width may end before it is dropped."""
    if width == WIDEST_TILE_MS:
        return WIDEST_TILE_KEPT_MS
    return max(window for window in WINDOWS_MS.values() if tile_width_of(window) == width) + LATE_MS


def tile_is_kept(tile: int, width: int, newest: int) -> bool:
    return (tile + 1) * width > newest - tile_kept_ms(width)


@dataclass(frozen=True)
class Field:
    """What a list holds: its plural as in the features' names, an event's value, and the hash that breaks ties."""

    plural: str
    value_of: Callable[[OracleEvent], str | None]
    hash_of: Callable[[str], int]


class History:
    """One entity's events earlier in the log; `kind` decides what is kept of them."""

    def __init__(self, kind: str, events: Sequence[OracleEvent]) -> None:
        self.kind = kind
        self.events = events
        self._lists: dict[str, dict[str, int]] = {}
        self.newest = max((event.time for event in events), default=None)
        ranked = sorted(events, key=lambda event: event.rank, reverse=True)
        self.ring: list[OracleEvent] = []
        self.overflow: list[OracleEvent] = []
        if kind in RING_KINDS and self.newest is not None:
            young = [event for event in ranked if self.newest - event.time < RING_AGE_MS]
            self.ring = young[:RING_LENGTH]
            self.overflow = ranked[RING_LENGTH:]
        self.outside_ring = ranked[len(self.ring) :]  # newest first

    def is_late(self, time: int) -> bool:
        return self.newest is not None and self.newest - time > LATE_MS

    def in_tiles(self, events: Iterable[OracleEvent], upper: int, window: int, width: int) -> list[OracleEvent]:
        """Those of `events` in the kept tiles that (upper − window, upper] touches."""
        if self.newest is None:
            return []
        first, last = (upper - window + 1) // width, upper // width
        return [
            event
            for event in events
            if first <= event.time // width <= last and tile_is_kept(event.time // width, width, self.newest)
        ]

    def in_window(self, time: int, window: int) -> list[OracleEvent]:
        """The events that the aggregates of (time − window, time] see."""
        width = tile_width_of(window)
        if window > RING_WINDOW_MAX_MS or self.kind not in RING_KINDS:
            return self.in_tiles(self.events, time, window, width)
        exact = [event for event in self.ring if time - window < event.time <= time]
        return exact + self.in_tiles(self.overflow, time, window, width)

    @property
    def ring_is_full(self) -> bool:
        """Whether any fine tile still holds an event that the ring had no room for."""
        return self.newest is not None and any(
            tile_is_kept(event.time // width, width, self.newest)
            for event in self.overflow
            for width in TILE_WIDTHS_MS
            if width != WIDEST_TILE_MS
        )

    def last_seen(self, field: Field) -> dict[str, int]:
        """The list of one field's values: value -> last time, of those seen last."""
        if field.plural not in self._lists:
            self._lists[field.plural] = self._make_list(field)
        return self._lists[field.plural]

    def _make_list(self, field: Field) -> dict[str, int]:
        if self.newest is None:
            return {}
        last: dict[str, int] = {}
        for event in self.events:
            value = field.value_of(event)
            if value is not None:
                last[value] = max(event.time, last.get(value, event.time))
        oldest = self.newest - MONTH_MS - LATE_MS
        remembered = [(time, field.hash_of(value), value) for value, time in last.items() if time > oldest]
        remembered.sort(reverse=True)
        return {value: time for time, _, value in remembered[: LIST_LENGTHS[self.kind]]}

    def distinct(self, time: int, window: int, field: Field) -> int:
        behind = self.newest is not None and time < self.newest
        if behind and self.kind in RING_KINDS and window <= RING_WINDOW_MAX_MS:
            seen = {field.value_of(event) for event in self.ring if time - window < event.time <= time}
            return len(seen - {None})
        return sum(last > time - window for last in self.last_seen(field).values())
