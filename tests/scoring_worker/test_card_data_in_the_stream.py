"""Card numbers in a stream: whatever field they come in, nothing that we write holds them."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import ConsumerRecord
from redis.asyncio import Redis

from contracts.card_numbers import tokens
from contracts.topics import Topics
from settings import Settings
from storage.database import Pool
from tests.scoring import small_model
from tests.scoring_worker.raw_produce import batch_of, produce_raw
from tests.scoring_worker.running_worker import running_worker
from tests.scoring_worker.search_everywhere import found_anywhere

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
Read = Callable[[str], Awaitable[list[ConsumerRecord]]]
VISA, AMEX, CVV = "4111111111111111", "378282246310005", "90210"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = bytes(small_model.booster().save_raw("ubj"))
    return small_model.write(tmp_path_factory.mktemp("model") / "small", raw, small_model.manifest_of(raw))


def messages(now: str) -> list[tuple[bytes, bytes, tuple[tuple[bytes, bytes], ...]]]:
    plain = {"transaction_id": "plain", "amount": 5, "timestamp": now, "account_id": "acct-1"}
    odd = [
        {"account_id": VISA}, {"note": "4111 1111 1111 1111"}, {"card": int(VISA)}, {"device_id": f"x{AMEX}"},
        {"more": {"pan": "3782-822463-10005"}}, {"cvv2": CVV}, {"note": "\u200b".join([VISA[:8], VISA[8:]])},
    ]  # fmt: skip
    bodies = [plain] + [plain | {"transaction_id": f"t{number}"} | fields for number, fields in enumerate(odd)]
    found = [(VISA.encode(), msgspec.json.encode(body), ((b"pan", AMEX.encode()),)) for body in bodies]
    return [*found, (VISA.encode(), b'{"card":"4111111111111111', ())]


@pytest.mark.parametrize("policy", ["refuse", "token"])
async def test_nothing_that_we_write_holds_a_card_number(
    stack: Any, settings: Settings, topics: Topics, pool: Pool, redis_prefix: str, read_topic: Read, tmp_path: Path,
    model_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str,
) -> None:  # fmt: skip
    for name, value in {
        "REDIS_URL": stack.redis_url, "REDIS_KEY_PREFIX": redis_prefix, "MODEL_PATH": str(model_path),
        "RISK_THRESHOLD_HIGH": "0.000001", "CARD_NUMBERS": policy, "CARD_TOKEN_KEY": KEY, "EVENT_AGE_MAX": "3650",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    whole = Settings(_env_file=None)
    sent = messages("2026-03-01T12:00:00Z")
    decided = 1 if policy == "refuse" else len(sent) - 1
    redis = Redis.from_url(whole.redis_url)
    async with running_worker(tmp_path, {}, "worker") as worker:
        await produce_raw(whole, topics.transactions, 0, batch_of(sent))

        async def is_done() -> bool:
            letters = await pool.fetchval("SELECT count(*) FROM dead_letters")
            return bool(await pool.fetchval("SELECT count(*) FROM decided") + letters >= len(sent))

        await worker.until(is_done)
        assert await pool.fetchval("SELECT count(*) FROM decided") == decided
        ours = (topics.dead_letters, topics.decisions, topics.alerts, topics.labels)
        words = [VISA, AMEX, "4111 1111", "3782-8224", CVV]
        files = [tmp_path / "worker.log"]
        assert await found_anywhere(pool, redis, whole, read_topic, ours, files, words) == []
        if policy == "token":
            accounts = {row[0] for row in await pool.fetch("SELECT account FROM transactions")}
            assert accounts == {"acct-1", tokens(KEY.encode())(VISA)}
        else:
            reasons = [row[0] for row in await pool.fetch("SELECT reason FROM dead_letters")]
            assert reasons == ["card_data"] * (len(sent) - 1)
    await redis.aclose()
