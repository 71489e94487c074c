"""Two runs beside each other, as an answer."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.analysis.schemas import MINOR
from api.analysis.starting import done_run
from api.cases.paging import PageQuery, bad_cursor, next_cursor
from api.cursors import PageCursor
from api.listing import Listed, listed
from api.schemas import Answer
from storage.analysis_runs import StoredRun
from storage.anomaly_comparison import RANK_NONE, ComparisonRepository, Match, Pair, Where
from storage.database import Pool


class ComparisonQuery(PageQuery):
    """Which anomalies of the two runs to list."""

    found: Annotated[Where | None, Field(description="Found by both runs, or only by one")] = None


class PairOut(Answer):
    """A row that at least one of the runs flagged. Ranks, places and scores are null where that run did not."""

    found: Where
    rank_first: int | None
    rank_second: int | None
    place_first: int | None
    place_second: int | None
    score_first: float | None
    score_second: float | None
    row: int
    subject: str
    transaction_id: str | None
    account: str | None
    event_time_ms: int | None
    amount: float | None
    currency: str | None

    @classmethod
    def of(cls, pair: Pair) -> "PairOut":
        amount = None if pair.amount_minor is None else pair.amount_minor / MINOR
        names = (name for name in cls.model_fields if name != "amount")
        return cls(**{name: getattr(pair, name) for name in names}, amount=amount)


class ComparisonOut(Listed):
    """How many anomalies both runs found, and what only one did. `matched_by` says what makes two rows the same."""

    matched_by: Match
    both: int
    only_first: int
    only_second: int
    items: list[PairOut]
    next_cursor: str | None


async def compare(
    pool: Pool, client_id: int, ids: tuple[UUID, UUID], asked: ComparisonQuery, page: PageCursor | None
) -> ComparisonOut:
    """Raises problems: 404, 409 (one is not done)."""
    first, second = [await done_run(pool, client_id, run_id) for run_id in ids]
    match = _match_of(first, second)
    repository = ComparisonRepository(pool)
    counts = await repository.counts(client_id, *ids, match)
    after = _key_of(page) if page else (0, 0)
    pairs = await repository.page(client_id, *ids, match, found=asked.found, after=after, limit=asked.limit + 1)
    shown = pairs[: asked.limit]
    return ComparisonOut(
        matched_by=match,
        both=counts[Where.BOTH],
        only_first=counts[Where.ONLY_FIRST],
        only_second=counts[Where.ONLY_SECOND],
        **listed(shown, PairOut.of, "row"),
        next_cursor=next_cursor(asked, [*shown[-1].key]) if len(pairs) > asked.limit else None,
    )


def _match_of(first: StoredRun, second: StoredRun) -> Match:
    upload_id = first.source.upload_id
    return Match.ROW if upload_id is not None and upload_id == second.source.upload_id else Match.TRANSACTION


def _key_of(page: PageCursor) -> tuple[int, int]:
    match page.key:
        case [int(first), int(second)] if 0 <= first <= RANK_NONE and 0 <= second <= RANK_NONE:
            return first, second
    raise bad_cursor("it is damaged; use `next_cursor` as it came")
