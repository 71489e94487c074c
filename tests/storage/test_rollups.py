"""The rollups against a recount of the rows themselves, after whatever happened in between."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from journal_entries import T0_MS, outcome

from contracts.decision import Recommendation, RiskLevel
from contracts.errors import DecisionConflict
from contracts.journal import CALLS, JournalEntry, Outcome
from contracts.label import Label
from contracts.transaction import decode_transaction, encode_transaction, minor_units
from storage.analytics import AnalyticsRepository, Period
from storage.database import ClientPool, Pool, connect
from storage.decision_store import PostgresDecisionStore
from storage.labels import LabelRepository
from storage.migrations import downgrade, upgrade
from storage.retention import retain
from storage.roles import GATEWAY, PIPELINE
from storage.rollups import DAY_MS, HOUR_MS, RollupFolder

TOPIC = "payments.transactions.v1"
START_MS = T0_MS - T0_MS % DAY_MS
LEVELS = {RiskLevel.LOW: Recommendation.APPROVE, RiskLevel.HIGH: Recommendation.FLAG}
LEVELS |= {RiskLevel.MEDIUM: Recommendation.REVIEW, RiskLevel.CRITICAL: Recommendation.DECLINE}

_DECISIONS = """
SELECT d.*, t.kind, t.amount, t.currency, c.model_version FROM decisions AS d
JOIN transactions AS t USING (event_time_ms, source, source_offset, client_id, transaction_id)
JOIN decision_contexts AS c USING (context_id) WHERE d.client_id = $1
"""
_VERDICTS = """
SELECT DISTINCT ON (l.client_id, l.transaction_id) l.fraud, d.recommendation, d.event_time_ms, c.model_version,
    t.amount, t.currency
FROM labels AS l
JOIN decisions AS d ON d.client_id = l.client_id AND d.transaction_id = l.transaction_id
JOIN transactions AS t ON t.client_id = l.client_id AND t.transaction_id = l.transaction_id
JOIN decision_contexts AS c ON c.context_id = d.context_id WHERE l.client_id = $1
ORDER BY l.client_id, l.transaction_id, l.revision DESC
"""


class Made(msgspec.Struct, frozen=True):
    """What is varied of one decision."""

    level: RiskLevel
    score: float
    hours: int
    amount: float
    currency: str | None
    kind: str
    degraded: bool
    model: str


made = st.builds(
    Made,
    level=st.sampled_from(list(LEVELS)),
    score=st.sampled_from([0.0, 0.9, 1.0, 49.9, 50.0, 99.9, 100.0]),
    hours=st.integers(0, 75),
    amount=st.sampled_from([0.01, 12.345, 1e12, 3.0, 0.125]),
    currency=st.sampled_from([None, "KES", "JPY", "KWD"]),
    kind=st.sampled_from(["payment", "refund"]),
    degraded=st.booleans(),
    model=st.sampled_from(["model-1", "model-2"]),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("batch"), st.lists(made, min_size=1, max_size=8)),
        st.tuples(st.just("call"), made),
        st.tuples(st.sampled_from(["again", "foreign", "fold"]), st.none()),
        st.tuples(st.just("status"), st.sampled_from(["OPEN", "IN_REVIEW", "CLOSED"])),
        st.tuples(st.just("label"), st.tuples(st.integers(0, 30), st.booleans(), st.integers(0, 3))),
    ),
    min_size=1,
    max_size=14,
)


def varied(offset: int, client_id: int, wanted: Made, name: str) -> Outcome:
    base = outcome(offset, client_id=client_id, name=name, time_ms=START_MS + wanted.hours * HOUR_MS + offset)
    transaction = decode_transaction(base.body)
    changed = msgspec.structs.replace(
        transaction, amount=wanted.amount, currency=wanted.currency, kind=wanted.kind
    )  # fmt: skip
    decision = msgspec.structs.replace(
        base.decision,
        risk_score=wanted.score,
        risk_level=wanted.level,
        recommendation=LEVELS[wanted.level],
        degraded=wanted.degraded,
        model_version=wanted.model,
    )
    return Outcome(offset, encode_transaction(changed), decision)


class World:
    """One example's client and partition, in a database that all examples share."""

    def __init__(self, pool: Pool, number: int) -> None:
        self.pool = pool
        self.client_id = 1_000 + number
        self.partition = number
        self.store = PostgresDecisionStore(pool, TOPIC)
        self.labels = LabelRepository(pool)
        self.entries: list[JournalEntry] = []
        self.stored: list[str] = []
        self.offset = 0

    async def run(self, story: list[tuple[str, Any]]) -> None:
        await self.store.start_partition(self.partition, 0)
        for name, value in story:
            await getattr(self, name)(value)

    async def batch(self, wanted: list[Made]) -> None:
        start, self.offset = self.offset, self.offset + len(wanted)
        await self._new(self.partition, start, [(start + i, each) for i, each in enumerate(wanted)])

    async def call(self, wanted: Made) -> None:
        number = self.partition * 1_000 + len(self.entries)
        await self._new(CALLS, number, [(number, wanted)])

    async def _new(self, source: int, start: int, wanted: list[tuple[int, Made]]) -> None:
        outcomes = tuple(varied(n, self.client_id, each, f"{source}/{self.client_id}/{n}") for n, each in wanted)
        entry = JournalEntry(source, start, start + len(outcomes), 1, outcomes)
        await asyncio.gather(self.store.store(entry), PostgresDecisionStore(self.pool, TOPIC).store(entry))
        self.entries.append(entry)
        self.stored += [each.decision.transaction_id for each in outcomes]

    async def again(self, _: None) -> None:
        for entry in self.entries:
            await self.store.store(entry)

    async def foreign(self, _: None) -> None:
        """Another source with what is decided already: nothing of it may count, nor what stands before it."""
        if self.entries and self.entries[0].source != CALLS:
            fresh = varied(10**6, self.client_id, Made(RiskLevel.LOW, 1.0, 1, 1.0, None, "payment", False, "m"), "new")
            both = (fresh, self.entries[0].outcomes[0])
            with pytest.raises(DecisionConflict):
                await self.store.store(JournalEntry(CALLS, 10**6, 10**6 + 1, 1, both))

    async def fold(self, _: None) -> None:
        await RollupFolder(self.pool).fold()

    async def status(self, status: str) -> None:
        """What a case worker does; every other alert, so that statuses differ."""
        await self.pool.execute(
            "UPDATE alerts SET status = $2 WHERE client_id = $1 AND sequence % 2 = 0", self.client_id, status
        )

    async def label(self, wanted: tuple[int, bool, int]) -> None:
        number, fraud, revision = wanted
        if self.stored:
            name = self.stored[number % len(self.stored)]
            at = datetime.fromtimestamp(T0_MS / 1000, UTC)
            label = Label(
                transaction_id=name, fraud=fraud, known_at=at, client_id=self.client_id, source="t", revision=revision
            )
            await self.labels.take([label], DAY_MS)
            await self.labels.take([label], DAY_MS)


@pytest.fixture
def examples() -> list[int]:
    return [0]


# Without shrinking: an example takes a tenth of a second, and a failure would take minutes to say so.
@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=steps, start=st.integers(0, 80), hours=st.integers(1, 80))
def test_rollups_equal_a_recount(
    database_url: str, examples: list[int], story: list[tuple[str, Any]], start: int, hours: int
) -> None:
    examples[0] += 1

    async def example() -> None:
        async with await connect(database_url, size_max=4, role=PIPELINE) as pool:
            world = World(pool, examples[0])
            await world.run(story)
            everything = Period(START_MS, START_MS + 100 * HOUR_MS)
            part = Period(START_MS + start * HOUR_MS, START_MS + (start + hours) * HOUR_MS)
            for period in (everything, part):
                await assert_equal_to_recount(pool, world.client_id, period)
            await RollupFolder(pool).fold()
            await assert_equal_to_recount(pool, world.client_id, part)

    asyncio.run(example())


async def assert_equal_to_recount(pool: Any, client_id: int, period: Period) -> None:
    repository = AnalyticsRepository(pool)
    rows = [r for r in await pool.fetch(_DECISIONS, client_id) if inside(r, period)]
    volume: Counter[tuple[Any, ...]] = Counter()
    amounts: Counter[tuple[Any, ...]] = Counter()
    series: Counter[int] = Counter()
    scores: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        currency = row["currency"] or "USD"
        key = (row["kind"], row["risk_level"], row["recommendation"], row["degraded"], currency)
        volume[key] += 1
        amounts[key] += minor_units(row["amount"], currency)
        series[row["event_time_ms"] // HOUR_MS] += 1
        scores[row["model_version"], row["degraded"], int(row["risk_score"])] += 1
    found = [msgspec.structs.astuple(each) for each in await repository.volume(client_id, period)]
    assert {each[:-2]: each[-2:] for each in found} == {key: (volume[key], amounts[key]) for key in volume}
    by_hour: Counter[int] = Counter()
    by_day: Counter[int] = Counter()
    for at in await repository.volume_series(client_id, period, HOUR_MS):
        by_hour[at.start_ms // HOUR_MS] += at.decisions
    for at in await repository.volume_series(client_id, period, DAY_MS):
        by_day[at.start_ms // DAY_MS] += at.decisions
    assert by_hour == series
    assert by_day == Counter(
        {day: sum(n for h, n in series.items() if h // 24 == day) for h in series for day in [h // 24]}
    )
    found = [msgspec.structs.astuple(each) for each in await repository.scores(client_id, period)]
    assert {each[:-1]: each[-1] for each in found} == scores
    one = await repository.scores(client_id, period, "model-1")
    assert sum(each.decisions for each in one) == sum(n for key, n in scores.items() if key[0] == "model-1")

    alerts = [r for r in await pool.fetch("SELECT * FROM alerts WHERE client_id = $1", client_id) if inside(r, period)]
    counted = {(each.severity, each.status): each.alerts for each in await repository.alerts(client_id, period)}
    assert counted == Counter((row["severity"], row["status"]) for row in alerts)

    verdicts: Counter[tuple[Any, ...]] = Counter()
    labelled: Counter[tuple[Any, ...]] = Counter()
    for row in await pool.fetch(_VERDICTS, client_id):
        if inside(row, period):
            currency = row["currency"] or "USD"
            key = (row["model_version"], row["recommendation"], row["fraud"], currency)
            verdicts[key] += 1
            labelled[key] += minor_units(row["amount"], currency)
    found = [msgspec.structs.astuple(each) for each in await repository.labels(client_id, period)]
    assert {each[:-2]: each[-2:] for each in found} == {key: (verdicts[key], labelled[key]) for key in verdicts}


def inside(row: Any, period: Period) -> bool:
    return bool(period.start_ms <= row["event_time_ms"] < period.stop_ms)


async def test_a_gateway_sees_its_own_clients_counts(
    database_url: str, pool: Pool, store: PostgresDecisionStore
) -> None:
    outcomes = tuple(outcome(i, alert=i % 2 == 0, client_id=1 + i % 2, name=f"t{i}") for i in range(10))
    await store.store(JournalEntry(0, 0, 10, 1, outcomes))
    period = Period(START_MS, START_MS + DAY_MS)
    async with await connect(database_url, role=GATEWAY) as gateway:
        for folded in (False, True):
            if folded:
                await RollupFolder(pool).fold()
            mine = AnalyticsRepository(ClientPool(gateway, 1))
            assert sum(each.decisions for each in await mine.volume(1, period)) == 5
            assert await mine.volume(2, period) == []
            assert await mine.scores(2, period) == []
            assert await AnalyticsRepository(ClientPool(gateway, 2)).alerts(1, period) == []


async def test_the_migration_counts_what_was_stored_before(
    database_url: str, pool: Pool, store: PostgresDecisionStore
) -> None:
    amounts = [(0.125, None), (12.345, "KES"), (7.5, "JPY"), (1.0005, "KWD"), (1e12, "USD"), (2.5, "JPY")]
    wanted = [
        Made(level, 49.9, i, *amounts[i], "payment", False, "m") for i, level in enumerate([*LEVELS, *LEVELS][:6])
    ]
    outcomes = tuple(varied(i, 1, each, f"t{i}") for i, each in enumerate(wanted))
    await store.store(JournalEntry(0, 0, 6, 1, outcomes))
    at = datetime.fromtimestamp(T0_MS / 1000, UTC)
    labels = [Label(transaction_id=f"t{i}", fraud=i % 2 == 0, known_at=at) for i in range(4)]
    await LabelRepository(pool).take(
        [*labels, Label(transaction_id="t0", fraud=False, known_at=at, revision=2)], DAY_MS
    )
    period = Period(START_MS, START_MS + DAY_MS)

    async def counts() -> list[Any]:
        read = AnalyticsRepository(pool)
        questions = (read.volume, read.scores, read.alerts, read.labels)
        return [await question(1, period) for question in questions]

    before = await counts()
    assert all(before)
    await asyncio.to_thread(downgrade, database_url, "0009")
    await asyncio.to_thread(upgrade, database_url)
    assert await counts() == before


async def test_one_process_folds(pool: Any, store: PostgresDecisionStore) -> None:
    await store.store(JournalEntry(0, 0, 5, 1, tuple(outcome(i) for i in range(5))))
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock($1)", 0x7269736B_0006)
        assert await RollupFolder(pool).fold() == 0
    folded = sum(await asyncio.gather(*(RollupFolder(pool).fold() for _ in range(4))))
    folded += await RollupFolder(pool).fold()  # what one held locked while the others passed
    assert folded == 4  # two currencies, one score, one client's usage
    assert await pool.fetchval("SELECT count(*) FROM decision_deltas") == 0
    assert await pool.fetchval("SELECT count(*) FROM decision_rollups") == 4


async def test_retention_takes_the_counts_of_what_it_removes(pool: Any, store: PostgresDecisionStore) -> None:
    new_ms = START_MS + 100 * DAY_MS
    old = tuple(outcome(i, alert=True, time_ms=START_MS + i) for i in range(4))
    new = tuple(outcome(i, alert=True, time_ms=new_ms + i) for i in range(4, 6))
    await store.store(JournalEntry(0, 0, 6, 1, old + new))
    label = Label(transaction_id="tx-0", fraud=True, known_at=datetime.fromtimestamp(T0_MS / 1000, UTC))
    await LabelRepository(pool).take([label], DAY_MS)
    await RollupFolder(pool).fold()
    await retain(pool, 40, new_ms)
    period = Period(START_MS, new_ms + DAY_MS)
    repository = AnalyticsRepository(pool)
    assert sum(each.decisions for each in await repository.volume(1, period)) == 2
    assert sum(each.decisions for each in await repository.scores(1, period)) == 2
    assert sum(each.alerts for each in await repository.alerts(1, period)) == 2
    assert await repository.labels(1, period) == []
