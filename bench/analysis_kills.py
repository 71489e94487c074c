"""The analysis worker killed again and again during a run: `python -m bench.analysis_kills [--kills N] [--write]`.

Two runs of the same strategy over the same rows: one in peace, one whose worker is killed (`kill -9`) after a part of
the time that the first one took, each time a larger one. What is stored of both must be equal: every anomaly with its
score, shares, reasons and row.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from analysis.presets import PRESETS
from analysis.rows import RowWriter
from analysis.upload_folder import rows_path
from bench.harness import machine, write_result
from bench.planted import planted
from devstack import servers
from devstack.home import Home
from devstack.part import tied
from settings import Settings
from storage.analysis_runs import NewRun, RunRepository, RunSource, StoredRun, add
from storage.audit import AuditEntry
from storage.database import AnyPool, connect, session
from storage.jobs import JobState
from storage.migrations import upgrade

CLIENT = 1
STRATEGY = "payments"
LEASE_S = "2"  # so that a killed worker's job comes back soon; nothing else changes with it
WAIT_MAX_S = 120.0  # for any single step
LOOK_S = 0.02
DAYS = 120  # of planted payments
SHARE_MAX = 0.8  # of an undisturbed attempt's time at the latest kill, so that it comes before the end
_STORED = """
SELECT place, rank, row, score, shares::text, reasons::text, subject, record::text FROM anomalies WHERE run_id = $1
ORDER BY rank
"""


def main() -> None:
    """Print, and with --write keep, the figures; exit code 1 if the two runs differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--write", action="store_true", help="keep the result beside the benchmarks")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="riskstream-bench-") as folder:
        home = Home(Path(folder) / "home")
        home.prepare()
        stack = servers.prepare(home, Settings(_env_file=None, riskstream_home=home.root))
        stack.start()
        try:
            servers.ensure_database(home)
            url = stack.addresses[servers.OWNERS_ADDRESS]
            upgrade(url)
            result = {"machine": machine()} | measured(url, Path(folder), arguments.rows, arguments.kills)
        finally:
            stack.stop()
    for name, value in result.items():
        print(f"{name}: {value}")
    if arguments.write:
        print(f"Written to {write_result('analysis_kills', result)}")
    if not result["equal"] or result["kills"] != arguments.kills:
        raise SystemExit(1)


def measured(database_url: str, folder: Path, rows: int, kills: int) -> dict[str, Any]:
    """Both runs, compared."""
    uploads = folder / "uploads"
    upload_id = uuid4()
    path = rows_path(uploads, CLIENT, upload_id)
    path.parent.mkdir(parents=True)
    with RowWriter(path) as writer:
        writer.write(planted(accounts=rows // DAYS, days=DAYS, seed=1).columns())
        written = writer.count
    environment = {
        "DATABASE_URL": database_url,
        "UPLOAD_DIR": str(uploads),
        "JOB_LEASE_S": LEASE_S,
        "METRICS_PORT": "0",
        "LOG_LEVEL": "WARNING",
    }
    return asyncio.run(_compared(database_url, environment, upload_id, kills)) | {"rows": written}


async def _compared(database_url: str, environment: Mapping[str, str], upload_id: UUID, kills: int) -> dict[str, Any]:
    pool = await connect(database_url, size_max=2)
    try:
        began = time.monotonic()
        calm, _ = await _run(pool, environment, upload_id, [])
        calm_s = time.monotonic() - began
        began = time.monotonic()
        took_s = _seconds(calm)
        parts = [(number + 0.5) / kills * SHARE_MAX * took_s for number in range(kills)]
        killed, at = await _run(pool, environment, upload_id, parts)
        killed_s = time.monotonic() - began
        one, other = await _stored(pool, calm), await _stored(pool, killed)
    finally:
        await pool.close()
    return {
        "strategy": STRATEGY,
        "kills": len(at),
        "killed at (seconds into the attempt, stage)": at,
        "attempts": killed.job.attempts,
        "undisturbed attempt, seconds": round(took_s, 1),
        "calm, seconds": round(calm_s, 1),
        "killed, seconds": round(killed_s, 1),
        "anomalies": len(one),
        "equal": one == other and calm.found == killed.found and bool(one),
    }


async def _run(
    pool: AnyPool, environment: Mapping[str, str], upload_id: UUID, kills_s: Sequence[float]
) -> tuple[StoredRun, list[tuple[float, str]]]:
    """A run to its end; each attempt's worker is killed so many seconds after it began, as long as there are some."""
    run_id = await _asked(pool, upload_id)
    goals = list(kills_s)
    killed: list[tuple[float, str]] = []
    worker = _started(environment)
    try:
        async with asyncio.timeout(WAIT_MAX_S * (len(goals) + 1)):
            while True:
                run = await RunRepository(pool).get(CLIENT, run_id)
                assert run is not None
                if run.job.state is JobState.DONE:
                    return run, killed
                if run.job.state is not JobState.RUNNING and run.job.state is not JobState.WAITING:
                    raise RuntimeError(f"the run is {run.job.state}: {run.job.error}")
                # The attempt that this worker began, not what is left on the row of the one before.
                if goals and run.job.attempts == len(killed) + 1 and (since_s := _since(run)) >= goals[0]:
                    worker.kill()
                    worker.wait()
                    killed.append((round(since_s, 1), run.job.stage))
                    goals.pop(0)
                    worker = _started(environment)
                await asyncio.sleep(LOOK_S)
    finally:
        worker.kill()
        worker.wait()


def _since(run: StoredRun) -> float:
    assert run.job.started_at is not None
    return (datetime.now(UTC) - run.job.started_at).total_seconds()


def _seconds(run: StoredRun) -> float:
    assert run.job.started_at is not None
    assert run.job.finished_at is not None
    return (run.job.finished_at - run.job.started_at).total_seconds()


def _started(environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        tied([sys.executable, "-m", "riskstream", "analysis-worker"]),  # it dies with us, however we end
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
    )


async def _asked(pool: AnyPool, upload_id: UUID) -> UUID:
    new = NewRun(
        client_id=CLIENT,
        source=RunSource(upload_id=upload_id),
        strategy_id=STRATEGY,
        strategy_version=1,
        strategy=PRESETS[STRATEGY].model_dump(mode="json"),
    )
    entry = AuditEntry(client_id=CLIENT, actor="bench", action="analysis.run", subject="")
    async with session(pool) as connection, connection.transaction():
        return await add(connection, new, entry)


async def _stored(pool: AnyPool, run: StoredRun) -> "list[asyncpg.Record]":
    async with session(pool) as connection:
        return list(await connection.fetch(_STORED, run.run_id))


if __name__ == "__main__":
    main()
