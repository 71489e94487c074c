"""Runs, jobs and anomalies as requests and answers."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from analysis.run_progress import progress_of
from api.cases.queries import milliseconds
from api.cases.texts import Line
from api.listing import Listed
from api.moments import Moment
from api.schemas import Answer
from contracts.case import Verdict
from contracts.transaction import EPOCH
from storage.analysis_runs import RunFound, RunSource, StoredRun
from storage.anomalies import StoredAnomaly
from storage.jobs import Job, JobKind, JobState

MINOR = 10_000  # amounts of rows are whole 1e-4 units
VERSION_MAX = 2**31 - 1
PERIOD_MS_MAX = 366 * 86_400_000


class RunIn(BaseModel):
    """What to look at (an upload, or the stored transactions of a period), and with which strategy."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"upload_id": "1f0d6f6e-2b7a-4f0c-9d55-0c1a7f0f2a11", "strategy_id": "payments"},
                {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z", "strategy_id": "card"},
            ]
        },
    )

    upload_id: Annotated[UUID | None, Field(description="A file that was read without a problem")] = None
    from_: Annotated[Moment | None, Field(alias="from", description="Stored transactions from this event time on")] = (
        None
    )
    to: Annotated[Moment | None, Field(description="Before this event time, at most 366 days later")] = None
    strategy_id: Annotated[Line, Field(description="A preset's name, or the id of a strategy of your own")]
    strategy_version: Annotated[
        int | None, Field(ge=1, le=VERSION_MAX, description="The current version if none is named")
    ] = None

    @model_validator(mode="after")
    def _one_source(self) -> "RunIn":
        period = (self.from_, self.to)
        if (self.upload_id is None) == (period == (None, None)):
            raise ValueError("name an upload_id, or a period by from and to")
        if self.upload_id is None:
            if self.from_ is None or self.to is None:
                raise ValueError("a period has both from and to")
            if not 0 < (milliseconds(self.to) or 0) - (milliseconds(self.from_) or 0) <= PERIOD_MS_MAX:
                raise ValueError("to must be later than from, by at most 366 days")
        return self

    @property
    def source(self) -> RunSource:
        return RunSource(upload_id=self.upload_id, from_ms=milliseconds(self.from_), to_ms=milliseconds(self.to))


class JobOut(Answer):
    """Long work: `subject` is the id of the upload, run or preview. `error` says why it failed, or is tried again."""

    job_id: UUID
    kind: JobKind
    subject: str
    state: JobState
    stage: str
    rows_done: int
    rows_total: int
    attempts: int
    cancel_requested: bool
    error: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> "JobOut":
        return cls.model_validate(job)


class JobPage(Listed):
    """Newest first."""

    items: list[JobOut]
    next_cursor: str | None


class RunFoundOut(Answer):
    """`flagged` rows reach the strategy's threshold, `kept` (the highest) are listed; `judged` rows by detector."""

    rows: int
    flagged: int
    kept: int
    judged: dict[str, int]


class RunOut(Answer):
    """A run. `strategy` is the document of the version that it used; `found` is there once it is done."""

    run_id: UUID
    job_id: UUID
    state: JobState
    upload_id: UUID | None
    from_: Annotated[datetime | None, Field(serialization_alias="from")]
    to: datetime | None
    strategy_id: str
    strategy_version: int
    strategy: dict[str, Any]
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    error: str | None
    found: RunFoundOut | None

    @classmethod
    def of(cls, run: StoredRun) -> "RunOut":
        source = run.source
        return cls(
            run_id=run.run_id,
            job_id=run.job.job_id,
            state=run.job.state,
            upload_id=source.upload_id,
            from_=_moment(source.from_ms),
            to=_moment(source.to_ms),
            strategy_id=run.strategy_id,
            strategy_version=run.strategy_version,
            strategy=run.strategy,
            created_by=run.created_by,
            created_at=run.created_at,
            finished_at=run.job.finished_at,
            error=run.job.error,
            found=_found(run.found),
        )


class RunPage(Listed):
    """Newest first."""

    items: list[RunOut]
    next_cursor: str | None


class RunStatusOut(Answer):
    """How far a run is. `rows_done` of `rows_total` and `rows_per_s` are of the stage; the rest of the whole."""

    run_id: UUID
    job_id: UUID
    state: JobState
    stage: str
    rows_done: int
    rows_total: int
    progress: Annotated[float, Field(ge=0, le=1)]
    rows_per_s: float | None
    seconds_left: Annotated[float | None, Field(description="Estimated; null while it is not known")]
    attempts: int
    cancel_requested: bool
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, run: StoredRun) -> "RunStatusOut":
        job = run.job
        found = progress_of(job, extracts=run.source.upload_id is None)
        return cls(
            run_id=run.run_id,
            job_id=job.job_id,
            state=job.state,
            stage=job.stage,
            rows_done=job.rows_done,
            rows_total=job.rows_total,
            progress=round(found.share, 4),
            rows_per_s=found.rows_per_s,
            seconds_left=found.seconds_left,
            attempts=job.attempts,
            cancel_requested=job.cancel_requested,
            error=job.error,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )


class AnomalyOut(Answer):
    """A flagged row. `shares` of the score by detector, `reasons` in sentences, `record` the row as it was.

    `subject` names it in alerts and feedback: the transaction's id, or `upload/<upload_id>/<row>`. `alert_id` and
    `verdict` are there if somebody made an alert of it, or the stream had raised one.
    """

    run_id: UUID
    place: int
    rank: int
    row: int
    score: Annotated[float, Field(ge=0, le=100)]
    shares: dict[str, float]
    reasons: dict[str, str]
    stored: Annotated[bool, Field(description="It is a stored transaction, not a row of a file")]
    subject: str
    transaction_id: str | None
    account: str | None
    event_time_ms: int | None
    amount: float | None
    currency: str | None
    record: dict[str, Any]
    alert_id: UUID | None
    verdict: Verdict | None

    @classmethod
    def of(cls, found: StoredAnomaly) -> "AnomalyOut":
        return cls(
            run_id=found.run_id,
            place=found.place,
            rank=found.rank,
            row=found.row,
            score=found.score,
            shares=found.shares,
            reasons=found.reasons,
            stored=found.stored,
            subject=found.subject,
            transaction_id=found.transaction_id,
            account=found.account,
            event_time_ms=found.event_time_ms,
            amount=None if found.amount_minor is None else found.amount_minor / MINOR,
            currency=found.currency,
            record=found.record,
            alert_id=found.alert_id,
            verdict=Verdict(found.verdict) if found.verdict else None,
        )


class AnomalyPage(Listed):
    """The highest score first; of transactions, the newest first."""

    items: list[AnomalyOut]
    next_cursor: str | None


def _found(found: RunFound | None) -> RunFoundOut | None:
    return RunFoundOut.model_validate(found) if found else None


def _moment(time_ms: int | None) -> datetime | None:
    from datetime import timedelta

    return None if time_ms is None else EPOCH + timedelta(milliseconds=time_ms)
