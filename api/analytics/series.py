"""Series with a point for every hour or day, also where nothing happened."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from api.analytics.periods import moment
from storage.analytics import Period, VolumeAt


def buckets_of(
    volumes: Sequence[VolumeAt], period: Period, bucket_ms: int
) -> Iterator[tuple[datetime, list[VolumeAt]]]:
    """Each bucket's start with its volumes, oldest first. `volumes` are in order of time."""
    by_start: dict[int, list[VolumeAt]] = {}
    for each in volumes:
        by_start.setdefault(each.start_ms, []).append(each)
    for start_ms in range(period.start_ms, period.stop_ms, bucket_ms):
        yield moment(start_ms), by_start.get(start_ms, [])
