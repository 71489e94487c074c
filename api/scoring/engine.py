"""The durability order behind the gateway: connected, warmed, kept fresh. Imported when the gateway is up already."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from api.scoring.hurried import HurriedStateStore
from api.scoring.outgoing import GroupPublisher
from contracts.errors import ModelRefused, StoreUnavailable
from contracts.journal import Stored
from contracts.transaction import Transaction
from features.catalogue import CATALOGUE_HASH
from features.events import EventBuilder
from features.fold import fold_batch
from features.gazetteer import preload
from features.layout import AMOUNT_SCALE
from features.money import Money
from features.redis_store.store import RedisStateStore
from pipeline.background import Background
from pipeline.call_desk import CallDesk, DeskParts
from pipeline.client_book import ClientBook
from pipeline.decider import CallDecider, ModelDecider
from pipeline.durability import Pipeline
from pipeline.intake import Gate, Rejected
from pipeline.served_model import ServedModel
from pipeline.state_fingerprint import fingerprint_of
from pipeline.state_watch import StateWatch
from settings import Settings
from storage.clients import ClientRepository
from storage.database import KeptPool, connect
from storage.decision_store import PostgresDecisionStore
from storage.roles import PIPELINE

POOL_SIZE_MAX = 6  # connections of one gateway process: batches under way look and store side by side
REDIS_TIMEOUT_S = 5.0  # of one command; a caller is answered long before, a batch's own work may go on
REDIS_CONNECT_TIMEOUT_S = 1.0
SCORING_THREADS = 2  # one batch's reasons beside another's; not the event loop's own threads, which hash passwords
SCORED_HERE_MAX = 16  # calls of a batch that are scored on the event loop, some 4 ms; more go to a thread
READ_SHARE = 0.4  # of the deadline: what reading the state may take; it takes about a millisecond
CONNECT_RETRY_S = 0.5
BOOK_EVERY_S = 1.0  # clients and their policies
DRAIN_S = 3.0  # for what goes on behind answered calls, when the gateway stops

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Engine:
    """What the routes use. `gate` says what is usable, before anything is asked of a store."""

    desk: CallDesk
    gate: Gate
    book: ClientBook
    watch: StateWatch
    threads: ThreadPoolExecutor
    refresh_book: Callable[[], Awaitable[None]]


@asynccontextmanager
async def running(settings: Settings, model: ServedModel, on_stored: Callable[[Stored], None]) -> AsyncIterator[Engine]:
    """Wait for Postgres, warm up, run; close everything at the end."""
    async with AsyncExitStack() as stack:
        threads = ThreadPoolExecutor(SCORING_THREADS, "scoring")
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)
        pool = await _connected(settings)
        stack.callback(pool.terminate)
        inserting = await _connected(settings, plans_once=True)
        stack.callback(inserting.terminate)
        redis = _redis(settings)
        stack.push_async_callback(redis.aclose)
        background = Background()
        money = Money(settings.currency_base, settings.currency_default, settings.currency_rates)
        book = ClientBook(model, settings.risk_threshold_high)
        clients = ClientRepository(pool)

        async def refresh_book() -> None:
            book.replace(await clients.all())

        gate = Gate(
            lambda _client: True, money.knows, settings.event_age_max_ms, settings.kafka_message_bytes_max,
            cards=settings.card_policy,
        )  # fmt: skip
        publisher = GroupPublisher(settings, background.spawn)
        state = HurriedStateStore(
            RedisStateStore(
                redis, settings.redis_key_prefix, fingerprint_of(CATALOGUE_HASH, money), settings.state_ttl_s
            ),
            READ_SHARE * settings.score_deadline_ms / 1000,
            background.spawn,
        )
        by_model = ModelDecider(
            lambda: model.current, book.policy, explain_all=True, threads=threads, here_max=SCORED_HERE_MAX
        )
        pipeline = Pipeline(
            state=state,
            store=PostgresDecisionStore(
                pool,
                settings.topics.transactions,
                currency_default=settings.currency_default,
                inserting=inserting,
            ),
            publisher=publisher,
            dead_letters=_NoDeadLetters(),
            log=_NoLog(),
            decider=CallDecider(by_model, book.policy, lambda t: money.units(t.amount, t.currency)[0] / AMOUNT_SCALE),
            builder=EventBuilder(money, book.zone),
            gate=gate,
        )
        watch = StateWatch(state, _note)
        desk = CallDesk(
            DeskParts(
                pipeline=pipeline,
                watch=watch,
                policies=book.policy,
                money=money,
                spawn=background.spawn,
                clock=time.monotonic,
                now_ms=lambda: time.time_ns() // 1_000_000,
                on_stored=on_stored,
                note=_note,
            )
        )
        await model.looked.wait()
        await asyncio.get_running_loop().run_in_executor(threads, _warm, pipeline.builder, by_model)
        await watch.look()
        # What is here now stays: walking a million objects of NumPy, numba and the gazetteer holds up every call in
        # the process for a fifth of a second, several times a minute.
        gc.collect()
        gc.freeze()
        chores = [asyncio.create_task(work) for work in (watch.run(), publisher.run(), _every(refresh_book))]
        stack.push_async_callback(_stop, chores, background)
        yield Engine(desk, gate, book, watch, threads, refresh_book)


async def _connected(settings: Settings, *, plans_once: bool = False) -> KeptPool:
    while True:
        try:
            return KeptPool(
                await connect(
                    settings.postgres_dsn,
                    size_max=POOL_SIZE_MAX,
                    application_name="riskstream-gateway-scoring",
                    role=PIPELINE,
                    keeps_session=True,
                    plans_once=plans_once,
                )
            )
        except StoreUnavailable as error:
            log.debug("scoring_waits_for_postgres", reason=str(error))
            await asyncio.sleep(CONNECT_RETRY_S)


def _redis(settings: Settings) -> Redis:
    """No retries by the client: of a script that counts, only the pipeline knows whether it may be sent again."""
    return Redis.from_url(
        settings.redis_url,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_CONNECT_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


def _warm(builder: EventBuilder, decider: ModelDecider) -> None:
    """Compile the kernel (or load it compiled), read the gazetteer, score once: the first caller waits for none."""
    preload()
    sample = Transaction(transaction_id="warm", amount=1.0, timestamp=datetime.now(UTC), account_id="warm")
    batch = builder.batch([sample])
    folded = fold_batch(batch, [None] * len(batch.keys))
    with suppress(ModelRefused):  # without a model calls are decided by policy
        decider.decide_now([sample], folded, range(1))


async def _every(refresh: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await refresh()
        except StoreUnavailable as error:
            log.debug("client_book_waits", reason=str(error))
        await asyncio.sleep(BOOK_EVERY_S)


async def _stop(chores: Sequence["asyncio.Task[None]"], background: Background) -> None:
    """First what is under way, while the publisher still runs; then the rest."""
    await background.drain(DRAIN_S)
    for chore in chores:
        chore.cancel()
    await asyncio.gather(*chores, return_exceptions=True)


def _note(event: str, why: str) -> None:
    (log.info if event.endswith("found") else log.warning)(event, reason=why)


class _NoDeadLetters:
    """A call is refused before it comes this far."""

    async def send(self, rejected: Sequence[Rejected]) -> None:
        raise StoreUnavailable(f"not usable any more: {rejected[0].rejection.detail}")


class _NoLog:
    """Calls have no offsets."""

    async def commit(self, partition: int, offset: int) -> None:
        raise AssertionError(f"a call committed {offset} of {partition}")
