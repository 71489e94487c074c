"""How far a run is, from what its job says."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from analysis.run_progress import STAGES, progress_of
from storage.jobs import Job, JobKind, JobState

START = datetime(2026, 3, 1, tzinfo=UTC)


def job(**changes: Any) -> Job:
    known: dict[str, Any] = {
        "job_id": uuid4(),
        "client_id": 1,
        "kind": JobKind.RUN,
        "subject": "",
        "state": JobState.RUNNING,
        "stage": "",
        "rows_done": 0,
        "rows_total": 0,
        "attempts": 1,
        "errors": 0,
        "cancel_requested": False,
        "error": None,
        "created_by": "user:1",
        "created_at": START,
        "started_at": START,
        "stage_at": START,
        "beaten_at": START + timedelta(seconds=10),
        "finished_at": None,
    }
    return Job(**known | changes)


@pytest.mark.parametrize("extracts", [True, False])
def test_it_grows_from_stage_to_stage_up_to_the_whole(extracts: bool) -> None:
    stages = [stage for stage in STAGES if extracts or stage != "extract"]
    shares = [
        progress_of(job(stage=stage, rows_done=done, rows_total=100), extracts=extracts).share
        for stage in stages
        for done in (0, 50, 100)
    ]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == pytest.approx(1.0)


def test_the_rest_is_guessed_from_what_is_done() -> None:
    found = progress_of(job(stage="fit", rows_done=500, rows_total=1_000), extracts=False)
    assert found.rows_per_s == 50
    assert found.seconds_left == pytest.approx(10 * (1 - found.share) / found.share)


def test_nothing_is_guessed_from_nothing() -> None:
    assert progress_of(job(), extracts=False).seconds_left is None
    assert progress_of(job(state=JobState.WAITING, started_at=None, beaten_at=None), extracts=False) == (0, None, None)
    assert progress_of(job(state=JobState.DONE), extracts=True) == (1, None, 0)
