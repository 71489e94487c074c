"""The questions that lists of runs, jobs and anomalies answer: query parameters and their bounds."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.analysis.schemas import MINOR
from api.cases.paging import PageQuery
from api.cases.queries import From, Score, To, milliseconds
from api.cases.texts import Line, ShortLine
from storage.analysis_runs import RunFilter
from storage.anomalies import AnomalyFilter
from storage.jobs import JobFilter, JobKind, JobState

AMOUNT_MAX = 9e14  # in minor units it still fits Postgres' bigint

States = Annotated[list[JobState] | None, Field(max_length=len(JobState), description="One of these")]
Amount = Annotated[float | None, Field(ge=0, le=AMOUNT_MAX, allow_inf_nan=False, description="Without its sign")]


class JobQuery(PageQuery):
    """Filters of a list of jobs."""

    state: States = None
    kind: Annotated[list[JobKind] | None, Field(max_length=len(JobKind), description="One of these")] = None
    subject: Annotated[Line | None, Field(description="The id of an upload, a run or a preview")] = None

    def filter(self) -> JobFilter:
        return JobFilter(state=self.state, kind=self.kind, subject=self.subject)


class RunQuery(PageQuery):
    """Filters of a list of runs."""

    state: States = None
    upload_id: UUID | None = None
    strategy_id: Line | None = None

    def filter(self) -> RunFilter:
        return RunFilter(state=self.state, upload_id=self.upload_id, strategy_id=self.strategy_id)


class AnomalyQuery(PageQuery):
    """Filters of a list of anomalies."""

    score_min: Score = None
    score_max: Score = None
    detector: Annotated[ShortLine | None, Field(description="It has a share in the score")] = None
    account: Line | None = None
    currency: ShortLine | None = None
    amount_min: Amount = None
    amount_max: Amount = None
    from_: From = None
    to: To = None
    alerted: Annotated[bool | None, Field(description="There is an alert of it, or there is none")] = None

    def filter(self) -> AnomalyFilter:
        return AnomalyFilter(
            score_min=self.score_min,
            score_max=self.score_max,
            detector=self.detector,
            account=self.account,
            currency=self.currency,
            amount_minor_min=None if self.amount_min is None else round(self.amount_min * MINOR),
            amount_minor_max=None if self.amount_max is None else round(self.amount_max * MINOR),
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
            alerted=self.alerted,
        )
