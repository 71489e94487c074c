"""How far a run is, and when it may be done, from what its job says. Pure."""

from datetime import datetime
from typing import NamedTuple

from storage.jobs import Job, JobState

# Each stage's part of the whole, as measured on the default strategy; of an upload there is nothing to extract.
STAGES = {"extract": 0.25, "fit": 0.25, "learn": 0.15, "detect": 0.30, "combine": 0.05}
SHARE_MIN = 0.02  # of the whole that must be done before the rest can be guessed


class RunProgress(NamedTuple):
    """`share` of the whole is 0–1; `rows_per_s` is of this stage; `seconds_left` of the whole, None if not known."""

    share: float
    rows_per_s: float | None
    seconds_left: float | None


def progress_of(job: Job, *, extracts: bool) -> RunProgress:
    """`extracts`: the run looks at a stored period, which is read from Postgres first."""
    if job.state is JobState.DONE:
        return RunProgress(1.0, None, 0.0)
    share = _share(job, extracts) if job.state is JobState.RUNNING else 0.0
    left = None
    if share >= SHARE_MIN and (elapsed_s := _seconds(job.started_at, job.beaten_at)):
        left = elapsed_s * (1 - share) / share
    since_s = _seconds(job.stage_at, job.beaten_at) if job.state is JobState.RUNNING else None
    return RunProgress(share, job.rows_done / since_s if since_s else None, left)


def _share(job: Job, extracts: bool) -> float:
    weights = {stage: weight for stage, weight in STAGES.items() if extracts or stage != "extract"}
    done = 0.0
    for stage, weight in weights.items():
        if stage == job.stage:
            within = job.rows_done / job.rows_total if job.rows_total else 0.0
            return (done + weight * min(within, 1.0)) / sum(weights.values())
        done += weight
    # Not begun yet, or all but stored.
    return 0.99 if job.stage == "store" else 0.0


def _seconds(start: datetime | None, stop: datetime | None) -> float | None:
    return (stop - start).total_seconds() if start and stop else None
