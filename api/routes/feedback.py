"""Feedback: labels, from analysts, institutions and the labels' topic; and how decisions did by them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import Reader
from api.cases.act import ActOf
from api.cases.feedback_summary import FeedbackSummary, summarised
from api.cases.giving import give_label
from api.cases.paging import bad_cursor, next_cursor, resumed
from api.cases.queries import LabelQuery, milliseconds
from api.cases.schemas import LabelIn, LabelOut, LabelPage
from api.cases.verdicts import REVISION_MAX
from api.cursors import SEQUENCE_MAX, PageCursor
from api.json_bodies import JsonRoute
from api.openapi import errors
from api.parts import PartsOf
from contracts.transaction import has_control_character
from storage.feedback import SUMMARY_MAX, FeedbackRepository, Key

SUMMARY_DAYS, SUMMARY_DAYS_MAX = 90, 3_650

router = APIRouter(prefix="/v1/feedback", tags=["feedback"], route_class=JsonRoute)


@router.get("", summary="Labels, the one known last first")
async def list_labels(caller: Reader, parts: PartsOf, query: Annotated[LabelQuery, Query()]) -> LabelPage:
    """Every revision, wherever it came from: a decision, `POST /v1/feedback`, or the labels' topic."""
    asked, page = resumed(query)
    async with parts.database.client(caller.client_id) as pool:
        found = await FeedbackRepository(pool).page(
            caller.client_id, asked.filter(), after=_key_of(page) if page else None, limit=asked.limit + 1
        )
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    last = shown[-1] if more else None
    return LabelPage.of(
        shown, next_cursor(asked, [last.known_at_ms, last.transaction_id, last.revision]) if last else None
    )


@router.post("", status_code=201, summary="Say what became of a transaction", responses=errors(404, 409))
async def give_feedback(act: ActOf, body: LabelIn) -> LabelOut:
    """The next revision of the transaction's label: it counts from now on, whatever was known before.

    It is kept here until it stands in the labels' topic; the list shows its state.
    """
    label = await give_label(act, body.transaction_id, body.fraud, body.source, body.known_at)
    return LabelOut(
        transaction_id=label.transaction_id,
        revision=label.revision,
        fraud=label.fraud,
        source=label.source,
        known_at_ms=milliseconds(label.known_at) or 0,
        state="accepted",
    )


@router.get("/summary", summary="Labels by source and verdict, and how decisions did by them")
async def summarise_feedback(
    caller: Reader,
    parts: PartsOf,
    days: Annotated[int, Query(ge=1, le=SUMMARY_DAYS_MAX, description="Labels known in the last days")] = SUMMARY_DAYS,
) -> FeedbackSummary:
    """The last label of each transaction against its decision, by model version; of anomalies, by strategy."""
    since = milliseconds(datetime.now(UTC) - timedelta(days=days)) or 0
    async with parts.database.client(caller.client_id) as pool:
        repository = FeedbackRepository(pool)
        tallies = await repository.summary(caller.client_id, since)
        strategies = await repository.by_strategy(caller.client_id, since)
    return summarised(tallies, strategies, SUMMARY_MAX)


def _key_of(page: PageCursor) -> Key:
    match page.key:
        case [int(known_at_ms), str(transaction_id), int(revision)]:
            fits = abs(known_at_ms) <= SEQUENCE_MAX and 0 <= revision <= REVISION_MAX
            if fits and not has_control_character(transaction_id):
                return known_at_ms, transaction_id, revision
    raise bad_cursor("it is damaged; use `next_cursor` as it came")
