import asyncio
from uuid import uuid4

import pytest
from journal_entries import entry

from contracts.decision import alert_id_of
from contracts.errors import DecisionConflict
from contracts.journal import CALLS
from storage.alerts import AlertRepository
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore

CLIENTS = (1, 2, 3)


async def test_sequences_have_no_gap_under_concurrency_and_rollbacks(store: PostgresDecisionStore, pool: Pool) -> None:
    """Calls of three clients and two partitions store at once, and every third call fails on a conflict."""
    await store.store(entry(0, 1, source=CALLS, prefix="taken-"))

    async def call(number: int) -> int:
        client_id = CLIENTS[number % 3]
        doomed = number % 5 == 0
        prefix = "taken-" if doomed else f"call-{number}-"
        start = 0 if doomed else number
        batch = entry(start, start + 1, source=1 if doomed else CALLS, alerts={start}, prefix=prefix)
        if doomed:
            with pytest.raises(DecisionConflict):
                await store.store(batch)
            return 0
        batch = entry(start, start + 1, source=CALLS, alerts={start}, prefix=prefix, client_id=client_id)
        return len((await store.store(batch)).alerts)

    async def partition() -> int:
        stored = 0
        for start in range(0, 100, 10):
            stored += len((await store.store(entry(start, start + 10, alerts={start, start + 3}))).alerts)
        return stored

    counts = await asyncio.gather(partition(), *(call(number) for number in range(1, 90)))

    rows = await pool.fetch("SELECT client_id, sequence FROM alerts ORDER BY client_id, sequence")
    assert len(rows) == sum(counts)
    for client_id in CLIENTS:
        sequences = [row["sequence"] for row in rows if row["client_id"] == client_id]
        assert sequences == list(range(1, len(sequences) + 1))
        assert await AlertRepository(pool).last_sequence(client_id) == len(sequences)


async def test_a_sequence_seen_is_never_followed_by_a_lower_one(store: PostgresDecisionStore, pool: Pool) -> None:
    """A reader that asks for more than it has, while many write, never needs to look back."""
    repository = AlertRepository(pool)
    writers = asyncio.gather(*(store.store(entry(n, n + 1, source=CALLS, alerts={n})) for n in range(60)))
    seen = 0
    while seen < 60:
        for alert in await repository.since(1, seen, 10):
            assert alert.sequence == seen + 1
            seen = alert.sequence
    await writers


async def test_one_batch_numbers_each_client_in_log_order(store: PostgresDecisionStore) -> None:
    mixed = [entry(n, n + 1, client_id=1 + n % 2, alerts={n}).outcomes[0] for n in range(6)]
    batch = entry(0, 6)
    alerts = (await store.store(type(batch)(0, 0, 6, 1, tuple(mixed)))).alerts
    assert [(alert.client_id, alert.sequence) for alert in alerts] == [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (2, 3)]
    assert alerts[0].alert_id == alert_id_of(1, "tx-0-0")


async def test_pages_and_ids_stay_within_the_client(store: PostgresDecisionStore, pool: Pool) -> None:
    alerts = (await store.store(entry(0, 10, alerts=set(range(10))))).alerts
    repository = AlertRepository(pool)

    assert await repository.page(1, limit=3) == alerts[:-4:-1]
    assert await repository.page(1, before_sequence=8, limit=3) == alerts[6:3:-1]
    assert await repository.since(1, 7, 100) == alerts[7:]
    assert await repository.get(1, alerts[2].alert_id) == alerts[2]
    assert (await repository.first_sequence(1), await repository.last_sequence(1)) == (1, 10)

    assert await repository.get(2, alerts[2].alert_id) is None
    assert await repository.get(1, str(uuid4())) is None
    assert await repository.get(1, "no id") is None
    assert await repository.page(2) == await repository.since(2, 0, 10) == []
    assert (await repository.first_sequence(2), await repository.last_sequence(2)) == (None, 0)
