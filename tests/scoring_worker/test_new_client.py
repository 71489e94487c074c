"""A client that has registered a moment ago: a running worker decides its first transaction."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import Topics
from contracts.transaction import Transaction, encode_transaction
from settings import Settings
from storage.clients import ClientRepository
from storage.database import Pool
from storage.dead_letters import DeadLetterRepository
from tests.scoring import small_model
from tests.scoring_worker.raw_produce import batch_of, produce_raw
from tests.scoring_worker.running_worker import running_worker

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
CLIENTS = 3  # one after the other, each far sooner than a worker refreshes what it knows


async def test_the_first_transaction_of_a_new_client_is_no_dead_letter(
    stack: Any, settings: Settings, topics: Topics, pool: Pool, redis_prefix: str, tmp_path: Path
) -> None:
    raw = bytes(small_model.booster().save_raw("ubj"))
    environment = {
        "REDIS_URL": stack.redis_url,
        "REDIS_KEY_PREFIX": redis_prefix,
        "MODEL_PATH": str(small_model.write(tmp_path / "small", raw, small_model.manifest_of(raw))),
    }
    clients, letters = ClientRepository(pool), DeadLetterRepository(pool)
    async with running_worker(tmp_path, environment, "one") as worker:
        await worker.until(worker.has_partitions)
        for _ in range(CLIENTS):
            client_id = await clients.create("A client")
            transaction = Transaction(
                transaction_id="first", amount=5, account_id="a", timestamp=datetime.now(UTC), client_id=client_id
            )
            batch = batch_of([(b"a", encode_transaction(transaction), ())])
            await produce_raw(settings, topics.transactions, 0, batch)

            async def arrived(client_id: int = client_id) -> bool:
                found = await pool.fetch("SELECT FROM decided WHERE client_id = $1", client_id)
                return bool(found) or await letters.count() > 0

            await worker.until(arrived)
        assert await letters.count() == 0
        assert await worker.terminate() == 0, worker.log
