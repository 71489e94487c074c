"""Parse jobs that are cut short, overtaken, cancelled: what stands in the end is one whole reading."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow.parquet as pq
import pytest

from analysis.job_context import JobContext
from analysis.job_runner import JobRunner
from analysis.jobs import Cancelled
from analysis.parse_job import parse
from analysis.upload_folder import original_path, rows_path, upload_folder
from settings import Settings
from storage.audit import AuditEntry
from storage.database import AnyPool, connect, session
from storage.job_queue import Held, JobQueue, LeaseLost
from storage.jobs import JobKind, cancel, enqueue
from storage.uploads import NewUpload, StoredUpload, UploadRepository, add, read_anew
from tests.analysis.held_children import crashes

LEDGER = b"amount,other,text\n" + b"1,2,x\n" * 5000
SECOND = {"mapping": {"columns": {"amount": "other"}}, "keep": True}
SLOW = b"amount,other,text\n" + b'"\n' * 2_000_000  # each line is listed: half a minute
GONE = -1.0  # a lease that has run out already: its worker died


async def uploaded(pool: AnyPool, root: Path, content: bytes = LEDGER) -> UUID:
    upload_id = uuid4()
    upload_folder(root, 1, upload_id).mkdir(parents=True)
    original_path(root, 1, upload_id).write_bytes(content)
    new = NewUpload(
        upload_id=upload_id,
        client_id=1,
        file_name="a.csv",
        size_bytes=9,
        sha256=sha256(content).digest(),
        created_by="key:1",
    )
    async with session(pool) as connection, connection.transaction():
        await add(connection, new, 10**9, entry())
        await enqueue(connection, 1, JobKind.PARSE, str(upload_id), created_by="key:1")
    return upload_id


def entry() -> AuditEntry:
    return AuditEntry(client_id=1, actor="key:1", action="upload.added", subject="upload:1")


async def taken(queue: JobQueue) -> Held:
    held = await queue.take([JobKind.PARSE])
    assert held is not None
    return held


async def found(pool: AnyPool, upload_id: UUID) -> StoredUpload:
    upload = await UploadRepository(pool).get(1, upload_id)
    assert upload is not None
    return upload


def amounts(root: Path, upload_id: UUID) -> list[int]:
    column: list[int] = pq.read_table(rows_path(root, 1, upload_id)).column("amount_minor").to_pylist()
    return sorted(set(column))


def left(root: Path, upload_id: UUID) -> list[str]:
    return sorted(path.name for path in upload_folder(root, 1, upload_id).iterdir())


async def test_an_attempt_that_was_overtaken_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, upload_dir=tmp_path)  # type: ignore[call-arg]
    async with await connect(database_url) as pool:
        upload_id = await uploaded(pool, tmp_path)
        context: Any = JobContext(settings, pool, asyncio.get_running_loop())
        frozen, other = JobQueue(pool, "frozen", lease_s=GONE), JobQueue(pool, "other")
        first = await taken(frozen)
        late = await asyncio.to_thread(parse, first.job, context)
        async with session(pool) as connection, connection.transaction():
            await read_anew(connection, 1, upload_id, 1, SECOND, entry())
        second = await taken(other)
        await other.finish(second, await asyncio.to_thread(parse, second.job, context))
        assert amounts(tmp_path, upload_id) == [20_000]
        with pytest.raises(LeaseLost):
            await frozen.finish(first, late)
        assert amounts(tmp_path, upload_id) == [20_000]
        upload = await found(pool, upload_id)
        assert (upload.state, upload.revision, upload.rows) == ("parsed", 2, 5000)
        assert left(tmp_path, upload_id) == ["original", "rejects.parquet", "rows.parquet"]


async def test_a_result_for_an_older_reading_is_not_kept(database_url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, upload_dir=tmp_path)  # type: ignore[call-arg]
    async with await connect(database_url) as pool:
        upload_id = await uploaded(pool, tmp_path)
        context: Any = JobContext(settings, pool, asyncio.get_running_loop())
        queue = JobQueue(pool, "one")
        held = await taken(queue)
        finish = await asyncio.to_thread(parse, held.job, context)
        async with session(pool) as connection, connection.transaction():
            await read_anew(connection, 1, upload_id, 1, SECOND, entry())
        await queue.finish(held, finish)
        assert (await found(pool, upload_id)).state == "received"
        assert left(tmp_path, upload_id) == ["original"]


async def test_a_cancelled_job_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, upload_dir=tmp_path)  # type: ignore[call-arg]
    async with await connect(database_url) as pool:
        upload_id = await uploaded(pool, tmp_path)
        context: Any = JobContext(settings, pool, asyncio.get_running_loop())
        context.cancelled = lambda: True
        held = await taken(JobQueue(pool, "one"))
        with pytest.raises(Cancelled):
            await asyncio.to_thread(parse, held.job, context)
        assert left(tmp_path, upload_id) == ["original"]


async def test_what_a_killed_attempt_left_goes_with_the_next(database_url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, upload_dir=tmp_path)  # type: ignore[call-arg]
    async with await connect(database_url) as pool:
        upload_id = await uploaded(pool, tmp_path)
        killed = upload_folder(tmp_path, 1, upload_id) / "work-of-a-dead-one"
        killed.mkdir()
        (killed / "rows.partial").write_bytes(b"half")
        context: Any = JobContext(settings, pool, asyncio.get_running_loop())
        queue = JobQueue(pool, "one")
        held = await taken(queue)
        await queue.finish(held, await asyncio.to_thread(parse, held.job, context))
        assert left(tmp_path, upload_id) == ["original", "rejects.parquet", "rows.parquet"]
        assert context.at == ("parse", len(LEDGER), len(LEDGER))


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({"parse_seconds_max": 1.0}, "the file cannot be read: reading it took longer than the 1 seconds"),
        ({"job_memory_max": 256 * 1024**2}, "reading it took more than the 256 MiB of memory"),
    ],
    ids=["time", "memory"],
)
async def test_a_file_that_takes_too_much_is_refused_with_a_sentence(
    database_url: str, tmp_path: Path, limits: dict[str, float], problem: str
) -> None:
    settings = Settings(_env_file=None, upload_dir=tmp_path, **limits)  # type: ignore[call-arg, arg-type]
    async with await connect(database_url) as pool:
        content = SLOW if "parse_seconds_max" in limits else b"amount,text\n" + b"1,x\n" * 20_000_000
        upload_id = await uploaded(pool, tmp_path, content)
        queue = JobQueue(pool, "one")
        runner = JobRunner(settings, pool, queue, asyncio.Event())
        assert await runner.run(await taken(queue)) == "done"
        upload = await found(pool, upload_id)
        assert upload.state == "refused"
        assert problem in (upload.problem or "")
        assert left(tmp_path, upload_id) == ["original"]


async def test_a_crash_is_one_refused_file(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(_env_file=None, upload_dir=tmp_path)  # type: ignore[call-arg]
    async with await connect(database_url) as pool:
        bad, good = await uploaded(pool, tmp_path), await uploaded(pool, tmp_path, LEDGER * 2)
        queue = JobQueue(pool, "one")
        runner = JobRunner(settings, pool, queue, asyncio.Event())
        with monkeypatch.context() as patched:
            patched.setattr("analysis.parse_job.read_file", crashes)
            assert await runner.run(await taken(queue)) == "done"
        assert await runner.run(await taken(queue)) == "done"
        upload = await found(pool, bad)
        assert (upload.state, left(tmp_path, bad)) == ("refused", ["original"])
        assert "ended its process (SIGSEGV)" in (upload.problem or "")
        assert (await found(pool, good)).state == "parsed"


async def test_a_file_that_holds_its_reader_is_cancelled(database_url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, upload_dir=tmp_path)  # type: ignore[call-arg]
    async with await connect(database_url) as pool:
        upload_id = await uploaded(pool, tmp_path, SLOW)
        queue, stopping = JobQueue(pool, "one"), asyncio.Event()
        held = await taken(queue)
        task = asyncio.create_task(JobRunner(settings, pool, queue, stopping).run(held))
        async with session(pool) as connection:
            await cancel(connection, 1, held.job.job_id)
        assert await task == "cancelled"
        assert not stopping.is_set()  # the worker goes on
        assert left(tmp_path, upload_id) == ["original"]
