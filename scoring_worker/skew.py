"""Training/serving skew as a figure: vectors of sampled accounts, replayed from their stored messages, at leisure.

The replay's states are kept in Postgres with the place it has come to, so it goes on where it stopped and never has to
begin again; workers share the work by source.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import structlog

from contracts.errors import OffsetGap
from contracts.transaction import Transaction, decode_transaction
from features.catalogue import CATALOGUE_HASH
from features.events import EventBuilder, Record
from features.packing import FORMAT
from scoring.skew import Compared, Replay, Served
from scoring_worker.model_metrics import ModelMetrics
from storage.database import Connection, Pool, session
from storage.erasure import PSEUDONYM
from storage.followers import Follower, settled_after_s
from storage.replay_rows import MismatchRow, ReplayRows, ServedRow

SHARE_MAX = 0.1  # of the time, most of it waiting; some 30 us of CPU a sampled record
IDLE_S = 10.0
SAMPLED_A_PAGE = 300  # records to fold; some ten milliseconds in a thread
PAGE_MAX = 20_000  # records of the log that a page looks through for sampled accounts
NAME = "skew:"
SHOWN_MAX = 5  # features of a mismatch in the log; all of them are stored

log = structlog.get_logger()


class Page(NamedTuple):
    """Sampled records of one source in order, with what was served; it reaches to the offset `stop`."""

    stop: int
    records: list[Record]
    served: list[Served | None]


class SkewWatch:
    """Replays a share (above 0, to 1) of the accounts, and counts what differs."""

    def __init__(
        self, pool: Pool, topic: str, builder: EventBuilder, fingerprint: str, metrics: ModelMetrics, share: float
    ) -> None:
        self._pool = pool
        self._builder = builder
        self._metrics = metrics
        self._rows = ReplayRows(pool, CATALOGUE_HASH, share)
        self._limit = page_limit(share)
        # States of another catalogue, rate table or format are of no use, nor are those of another sample.
        self._follower = Follower(pool, topic, f"{NAME}{fingerprint}:{FORMAT}:{share:g}")
        self._begun = False

    async def turn(self) -> bool:
        """Replay a page of every source; whether there may be more at once. Raises StoreUnavailable."""
        if not self._begun:
            await self._follower.forget_others(NAME)
            await self._rows.forget_others(self._follower.name)
            self._begun = True
        await self._follower.begin(at_present=False)
        more = False
        for source in await self._follower.sources():
            more = await self._page(source) or more
        self._metrics.skew_behind.set(await self._follower.behind())
        return more

    async def _page(self, source: int) -> bool:
        async with session(self._pool) as connection, connection.transaction():
            start = await self._follower.lock(connection, source)
            page = None if start is None else await read_page(self._rows, connection, source, start, self._limit)
            if start is None or page is None:
                return False
            compared = Compared({}, {}, [])
            if page.records:
                compared = await self._compare(connection, source, page)
            await self._follower.advance(connection, source, page.stop)
        self._tell(compared)
        return page.stop - start >= self._limit

    async def _compare(self, connection: Connection, source: int, page: Page) -> Compared:
        name = self._follower.name
        replay = Replay(self._builder)
        keys = replay.keys(page.records)
        replay.states = await self._rows.states(connection, name, source, keys)
        compared = await asyncio.to_thread(replay.compare, page.records, page.served)
        await self._rows.keep_states(connection, name, source, replay.states, replay.touched)
        await self._rows.keep_mismatches(connection, [_row(m.transaction, m.features) for m in compared.mismatches])
        return compared

    def _tell(self, compared: Compared) -> None:
        for part, count in compared.parts.items():
            self._metrics.compared.labels(part).inc(count)
        for part, count in compared.incomparable.items():
            self._metrics.incomparable.labels(part).inc(count)
        self._metrics.mismatches.inc(len(compared.mismatches))
        for found in compared.mismatches:
            shown = dict(list(found.features.items())[:SHOWN_MAX])
            log.error(
                "feature_mismatch", transaction=found.transaction.transaction_id, features=shown, of=len(found.features)
            )


async def read_page(rows: ReplayRows, connection: Connection, source: int, start: int, limit: int) -> Page | None:
    """The source's records from `start` on; None if there is nothing yet. Raises OffsetGap for an unreadable one."""
    stop = await rows.stop(connection, source, start, limit, settled_after_s(source))
    if stop is None:
        return None
    payments = await rows.transactions(connection, source, start, stop)
    labels = await rows.labels(connection, source, start, stop)
    found: list[tuple[int, Record, Served | None]] = [(offset, label, None) for offset, label in labels]
    for row in payments:
        transaction = _transaction(row)
        found.append((row.offset, transaction, _served(row, transaction)))
    found.sort(key=lambda item: item[0])
    return Page(stop, [record for _, record, _ in found], [served for _, _, served in found])


def page_limit(share: float) -> int:
    """How many records to look through, so that about SAMPLED_A_PAGE of them are sampled."""
    return min(PAGE_MAX, round(SAMPLED_A_PAGE / share))


def _transaction(row: ServedRow) -> Transaction:
    value = decode_transaction(row.body)
    if not isinstance(value, Transaction):
        raise OffsetGap(f"the stored transaction at offset {row.offset} can no longer be read: {value.detail}")
    return value if value.client_id == row.client_id else msgspec.structs.replace(value, client_id=row.client_id)


def _served(row: ServedRow, transaction: Transaction) -> Served | None:
    """What was served; None for an account that was erased, whose messages hold less than what it was served for."""
    return None if transaction.account.startswith(PSEUDONYM) else Served(row.vector, row.states)


def _row(transaction: Transaction, features: Mapping[str, tuple[float, float]]) -> MismatchRow:
    return MismatchRow(transaction.client_id, transaction.transaction_id, transaction.event_time_ms, dict(features))
