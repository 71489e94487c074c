"""A full stream has the processors for itself; a shadow that fell behind catches up afterwards."""

from scoring_worker.shadow import LAG_BUSY, share_of
from settings import Settings


def test_the_shadow_gives_way_to_a_stream_that_is_behind() -> None:
    assert share_of(LAG_BUSY + 1) <= 0.05
    assert share_of(LAG_BUSY) == share_of(0) >= 0.3


def test_a_batch_that_is_being_decided_is_no_backlog() -> None:
    assert Settings(_env_file=None).batch_size_max <= LAG_BUSY
