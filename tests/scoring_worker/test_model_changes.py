"""A whole worker while its models change: promoted, refused, in shadow. Nothing is lost, doubled or skewed."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiokafka import ConsumerRecord

from contracts.topics import Topics
from contracts.transaction import Transaction, encode_transaction
from scoring import registry
from scoring.model import load
from settings import Settings
from storage.database import Pool
from tests.scoring import small_model
from tests.scoring_worker.raw_produce import batch_of, produce_raw
from tests.scoring_worker.running_worker import RunningWorker, running_worker, samples

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
BATCH = 60
ROUNDS_MAX = 200  # of BATCH transactions each; a promotion is taken within a second or two


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    for version, rows in (("v1", 900), ("v2", 1000), ("v3", 1100)):
        raw = bytes(small_model.booster(rows).save_raw("ubj"))
        small_model.write(folder / version, raw, small_model.manifest_of(raw, version=version))
    registry.promote(folder, "v1")
    return folder


class Traffic:
    """Batches of transactions, and who decided them."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings, self._pool = settings, pool
        self._start = datetime.now(UTC) - timedelta(hours=2)
        self.sent = 0

    async def publish(self) -> None:
        numbers = range(self.sent, self.sent + BATCH)
        self.sent += BATCH
        partition = self.sent // BATCH % self._settings.kafka_partitions
        values = [
            encode_transaction(
                Transaction(
                    transaction_id=f"t{n}", amount=5 + n % 90, account_id=f"a{n % 9}-{partition}",
                    device_id=f"d{n % 5}",
                    timestamp=self._start + timedelta(milliseconds=100 * n),
                )
            )
            for n in numbers
        ]  # fmt: skip
        batch = batch_of([(b"key", value, ()) for value in values])
        await produce_raw(self._settings, self._settings.topics.transactions, partition, batch)

    async def decided_by(self) -> Counter[str]:
        rows = await self._pool.fetch(
            "SELECT c.model_version, count(*) FROM decisions JOIN decision_contexts AS c USING (context_id) GROUP BY 1"
        )
        return Counter(dict(rows))

    async def all_decided(self) -> bool:
        return (await self.decided_by()).total() == self.sent

    async def until_decided_by(self, worker: RunningWorker, version: str) -> None:
        """Publish until the version has decided something."""
        before = (await self.decided_by())[version]
        for _ in range(ROUNDS_MAX):
            await self.publish()
            await worker.until(self.all_decided)
            if (await self.decided_by())[version] > before:
                return
        raise AssertionError(f"{version} decides nothing\n{worker.log}")


async def metric(worker: RunningWorker, name: str) -> float | None:
    found = await worker.get("/metrics")
    assert found is not None
    return samples(found.text).get(name)


async def test_models_change_under_a_running_worker(
    stack: Any, settings: Settings, topics: Topics, pool: Pool, redis_prefix: str, models: Path, tmp_path: Path,
    read_topic: Callable[[str], Awaitable[list[ConsumerRecord]]],
) -> None:  # fmt: skip
    traffic = Traffic(settings, pool)
    environment = {
        "REDIS_URL": stack.redis_url,
        "REDIS_KEY_PREFIX": redis_prefix,
        "MODEL_PATH": str(models),
        "SKEW_SHARE": "1",
    }
    async with running_worker(tmp_path, environment, "worker") as worker:
        await worker.until(worker.has_partitions)
        await traffic.until_decided_by(worker, "v1")

        registry.promote(models, "v2")
        await traffic.until_decided_by(worker, "v2")

        (models / "v3" / "model.ubj").write_bytes(b"damaged")
        registry.promote(models, "v3")  # as a hand or another tool would: nothing has looked at it

        async def refused() -> bool:
            return await metric(worker, "riskstream_model_refused") == 1

        await worker.until(refused)
        await traffic.until_decided_by(worker, "v2")
        registry.roll_back(models, "v2")

        async def accepted() -> bool:
            return not await refused()

        await worker.until(accepted)

        registry.set_challenger(models, "v1")

        async def shadowed() -> bool:
            return await metric(worker, 'riskstream_challenger_info{version="v1"}') == 1

        await worker.until(shadowed)
        alone = traffic.sent
        await traffic.until_decided_by(worker, "v2")

        async def caught_up() -> bool:
            return await metric(worker, "riskstream_shadow_scored_total") == traffic.sent - alone

        await worker.until(caught_up)

        async def replayed() -> bool:
            return await metric(worker, 'riskstream_feature_compared_total{part="account"}') == traffic.sent

        await worker.until(replayed)
        assert await metric(worker, "riskstream_feature_mismatch_total") == 0
        assert await worker.terminate() == 0, worker.log

    assert (await traffic.decided_by()).keys() == {"v1", "v2"}
    assert await pool.fetchval("SELECT count(DISTINCT transaction_id) FROM decisions") == traffic.sent
    assert len(await read_topic(topics.decisions)) == traffic.sent
    await assert_scores_are_the_challengers(pool, models / "v1")


async def assert_scores_are_the_challengers(pool: Pool, folder: Path) -> None:
    rows = await pool.fetch(
        "SELECT s.probability, s.risk_score, d.vector FROM shadow_scores AS s"
        " JOIN decisions AS d ON d.transaction_id = s.transaction_id"
    )
    challenger = load(folder)
    vectors = np.stack([np.frombuffer(row["vector"], "<f4") for row in rows])
    probabilities = challenger.predict(vectors)
    assert probabilities.tolist() == [row["probability"] for row in rows]
    assert challenger.score(probabilities).tolist() == [row["risk_score"] for row in rows]
