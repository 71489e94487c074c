import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from contracts.errors import StoreUnavailable
from storage import migrations
from storage.database import plain_dsn
from storage.migrations import versions

_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1"
)
_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public'
ORDER BY 1, 2
"""


def rows(database_url: str, query: str) -> list[tuple[object, ...]]:
    async def ask() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(plain_dsn(database_url))
        try:
            return [tuple(record) for record in await connection.fetch(query)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_down_to_the_base_and_up_again_gives_the_same_schema(database_url: str) -> None:
    assert migrations.current(database_url) == migrations.head()
    before = rows(database_url, _COLUMNS)

    migrations.downgrade(database_url, "base")
    assert migrations.current(database_url) is None
    assert rows(database_url, _TABLES) == [("alembic_version",)]

    migrations.upgrade(database_url)
    assert rows(database_url, _COLUMNS) == before
    assert rows(database_url, "SELECT client_id, name FROM clients") == [(1, "Demo")]


def test_every_single_step_goes_down_and_up(database_url: str) -> None:
    steps = 0
    while migrations.current(database_url) is not None:
        revision = migrations.current(database_url)
        migrations.downgrade(database_url, "-1")
        migrations.upgrade(database_url, str(revision))
        migrations.downgrade(database_url, "-1")
        steps += 1
    assert steps == len(list(Path(versions.__file__).parent.glob("r0*.py")))


def test_several_processes_may_migrate_at_once(database_url: str) -> None:
    migrations.downgrade(database_url, "base")
    with ThreadPoolExecutor(4) as executor:
        for _ in executor.map(migrations.upgrade, [database_url] * 4):
            pass
    assert migrations.current(database_url) == migrations.head()
    assert rows(database_url, "SELECT count(*) FROM clients") == [(1,)]


async def test_it_can_be_called_inside_a_running_loop(database_url: str) -> None:
    migrations.upgrade(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    assert migrations.current(database_url) == migrations.head()


def test_an_unreachable_server_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable):
        migrations.upgrade("postgresql://nobody@127.0.0.1:1/none")
