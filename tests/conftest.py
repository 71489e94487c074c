"""The real servers of the tests: containers where a Docker engine answers, else the embedded stack; made on demand."""

import asyncio
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from devstack import servers
from devstack.home import Home
from riskstream_client.stack_env import environment_file
from settings import Settings
from storage.migrations import upgrade

RUNNING_STACK = "RISKSTREAM_TEST_STACK"  # a stack.env of servers that are up already, to start tests faster


@dataclass(frozen=True, slots=True)
class Stack:
    """Addresses of real servers."""

    kafka: str
    redis_url: str
    database_url: str


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with ExitStack() as closing:
        if path := os.environ.get(RUNNING_STACK):
            found = environment_file(Path(path))
            yield Stack(found["KAFKA_BOOTSTRAP_SERVERS"], found["REDIS_URL"], _owners_address(found))
        elif _docker_answers():
            yield _containers(closing)
        else:
            yield _embedded(closing, tmp_path_factory.mktemp("stack"))


@pytest.fixture(scope="session")
def template_database(stack: Stack) -> str:
    """A migrated database that every test's own one is copied from."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    asyncio.run(_execute(stack.database_url, f'CREATE DATABASE "{name}"'))
    upgrade(_with_database(stack.database_url, name))
    return name


@pytest.fixture
def database_url(stack: Stack, template_database: str) -> Iterator[str]:
    """A migrated, empty database of this test's own."""
    with fresh_database(stack, template_database) as url:
        yield url


@contextmanager
def fresh_database(stack: Stack, template_database: str) -> Iterator[str]:
    """A migrated, empty database, dropped at the end."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    asyncio.run(_execute(stack.database_url, f'CREATE DATABASE "{name}" TEMPLATE "{template_database}"'))
    yield _with_database(stack.database_url, name)
    # Not WITH (FORCE): it would have to end a vacuum process, for which the owner lacks the right; a plain DROP may.
    ending = (
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND usename = current_user"
    )
    asyncio.run(_execute(stack.database_url, ending, f'DROP DATABASE "{name}"'))


@pytest.fixture
def redis_prefix() -> str:
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def topic_prefix() -> str:
    return f"test-{uuid.uuid4().hex[:8]}."


def _embedded(closing: ExitStack, folder: Path) -> Stack:
    home = Home(folder)
    home.prepare()
    started = servers.prepare(home, Settings.model_construct(riskstream_home=folder))
    started.start()
    closing.callback(started.stop)
    servers.ensure_database(home)
    found = started.addresses
    return Stack(found["KAFKA_BOOTSTRAP_SERVERS"], found["REDIS_URL"], _owners_address(found))


def _owners_address(found: Mapping[str, str]) -> str:
    """Tests make databases and look into every table, as the owner."""
    return found.get("MIGRATION_DATABASE_URL") or found["DATABASE_URL"]


def _docker_answers() -> bool:
    import docker
    from docker.errors import DockerException

    try:
        return bool(docker.from_env(timeout=2).ping())
    except DockerException:
        return False


def _containers(closing: ExitStack) -> Stack:
    from testcontainers.kafka import KafkaContainer
    from testcontainers.postgres import PostgresContainer
    from testcontainers.redis import RedisContainer

    kafka = closing.enter_context(KafkaContainer().with_kraft())
    redis = closing.enter_context(RedisContainer("redis:8"))
    postgres = closing.enter_context(PostgresContainer("postgres:18", driver=None))
    address = f"redis://{redis.get_container_host_ip()}:{redis.get_exposed_port(6379)}/0"
    return Stack(kafka.get_bootstrap_server(), address, postgres.get_connection_url())


def _with_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
