"""A gateway that scores, over a state that is repaired, with a small model."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from running_gateway import RunningGateway
from scoring_world import Caller, add_model, repair, scoring_gateway, scoring_settings

from scoring_worker.topics import ensure_topics
from settings import Settings
from tests.conftest import Stack


@pytest.fixture(autouse=True)
def nobody_waits_for_previews(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no analysis worker here that would make one."""
    monkeypatch.setattr("api.previews.WAIT_S", 0.0)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    add_model(tmp_path / "models")
    return tmp_path / "models"


@pytest_asyncio.fixture
async def scoring(
    database_url: str, stack: Stack, redis_prefix: str, topic_prefix: str, models: Path
) -> AsyncIterator[Settings]:
    settings = scoring_settings(database_url, stack.redis_url, stack.kafka, redis_prefix, topic_prefix, models)
    await ensure_topics(settings)
    await repair(settings)
    yield settings


@pytest_asyncio.fixture
async def gateway(scoring: Settings) -> AsyncIterator[RunningGateway]:
    async with scoring_gateway(scoring) as started:
        yield started


@pytest_asyncio.fixture
async def caller(gateway: RunningGateway, key: str) -> Caller:
    return Caller(gateway.http, key)
