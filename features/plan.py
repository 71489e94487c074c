"""Entities, windows, rings, tiles and lists: the numbers that say what an entity's state keeps.

`docs/FEATURES.md` is the definition in words. All times are integer milliseconds of event time.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Entity(IntEnum):
    """What state is kept for, each scoped to its client. The number is part of the state's key and format."""

    ACCOUNT = 0
    DEVICE = 1
    IP = 2
    MERCHANT = 3
    BENEFICIARY = 4


class Flag(IntFlag):
    """Why a vector is not exact; stored with the decision."""

    LATE = 1  # more than LATE_MAX older than the newest event of one of its entities
    RING_FULL = 2  # a ring had no room: windows up to 24 h are rounded to tiles for the oldest events
    LIST_FULL = 4  # a list of last-seen values is full: distinct counts and "new" are lower bounds


ENTITIES = tuple(Entity)
RINGED = (Entity.ACCOUNT, Entity.DEVICE, Entity.BENEFICIARY)  # merchants and IP addresses can be very hot
LATE_MAX = HOUR  # an event up to this late is computed exactly
TILE_WIDTHS = (15 * SECOND, 5 * MINUTE, 30 * MINUTE, 6 * HOUR)
TILES_A_WINDOW_MIN = 12  # bounds the rounding at each edge to a twelfth of the window
RING_WINDOW_MAX = DAY
RING_CAPACITY = 512
RING_SPAN = RING_WINDOW_MAX + LATE_MAX + 30 * MINUTE  # + the widest fine tile: what ages out never enters a live tile
LIST_CAPACITY = {Entity.ACCOUNT: 512, Entity.DEVICE: 256, Entity.IP: 256, Entity.MERCHANT: 0, Entity.BENEFICIARY: 256}
EFFECTIVE_STEP = HOUR  # a label counts from the next full hour


@dataclass(frozen=True, slots=True)
class Plan:
    """The windows that are counted, and what follows from them. Immutable; the catalogue's hash covers it."""

    windows: tuple[int, ...] = (5 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)
    risk_windows: tuple[int, ...] = (DAY, 7 * DAY, 30 * DAY)
    label_delay: int = 7 * DAY
    tile_widths: tuple[int, ...] = TILE_WIDTHS
    ring_window_max: int = RING_WINDOW_MAX
    ring_span: int = RING_SPAN
    ring_capacity: int = RING_CAPACITY

    def level_of(self, window: int) -> int:
        """Index of the widest tile that fits at least TILES_A_WINDOW_MIN times into the window."""
        fitting = [i for i, width in enumerate(self.tile_widths) if width * TILES_A_WINDOW_MIN <= window]
        return fitting[-1] if fitting else 0

    def keep_of(self, level: int) -> int:
        """How far behind the newest event a tile's end may lie before the tile is dropped."""
        spans = [w for w in self.windows if self.level_of(w) == level]
        if level == self.coarse_level:
            spans.append(self.label_delay + max(self.risk_windows) + DAY)
        return max(spans, default=0) + LATE_MAX

    @property
    def coarse_level(self) -> int:
        """The widest tiles: they hold every event of every entity, and the labels."""
        return len(self.tile_widths) - 1


PLAN = Plan()


def window_name(window: int) -> str:
    """`5m`, `1h`, `24h`, `7d`: as in feature names; a day is `24h` up to two days, then days."""
    if window % DAY == 0 and window > DAY:
        return f"{window // DAY}d"
    if window % HOUR == 0:
        return f"{window // HOUR}h"
    return f"{window // MINUTE}m"
