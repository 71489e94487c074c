"""Real servers and real workers for the benchmarks: own folder, own ports, and one clean "lane" for each run."""

import asyncio
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import psutil

from devstack import servers
from devstack.home import Home
from devstack.part import tied
from scoring_worker.topics import ensure_topics
from settings import Settings
from storage.migrations import upgrade

RESULTS = Path(__file__).parent / "results"
# Fewer hold too little fraud in the test period; enough for a real booster, whose quality does not matter here.
QUICK_MODEL_TRANSACTIONS = "60000"
POLL_S = 0.05
# Of the log's partitions; calls have a number of their own.
_STORED = "SELECT coalesce(sum(next_offset), 0)::bigint FROM partition_offsets WHERE partition >= 0"


@dataclass(frozen=True, slots=True)
class Lane:
    """One run's own database, topics and Redis keys on the shared servers."""

    name: str
    environment: dict[str, str]

    @property
    def settings(self) -> Settings:
        wanted = {
            name.lower(): value for name, value in self.environment.items() if name.lower() in Settings.model_fields
        }
        return Settings(_env_file=None, **wanted)


class Worker:
    """A stream worker as a process of its own."""

    def __init__(self, lane: Lane, log: Path) -> None:
        self._lane = lane
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                tied([sys.executable, "-m", "riskstream", "worker"]),  # it dies with us, however we end
                env=os.environ | self._lane.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """As `kill -9`: nothing is flushed, nobody is told."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """As an operator stops it: SIGTERM, drained."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None


class Bench:
    """Servers that are up."""

    def __init__(self, home: Home, stack: servers.Servers, model_path: Path) -> None:
        self.home = home
        self.stack = stack
        self._model_path = model_path
        self._workers: list[Worker] = []

    def part(self, name: str) -> Any:
        return next(part for part in self.stack.parts if part.spec.name == name)

    def lane(self, name: str, *, partitions: int, **more: str) -> Lane:
        """A fresh database, fresh topics and a fresh key prefix."""
        base = self.stack.addresses
        base = base | {"DATABASE_URL": base[servers.OWNERS_ADDRESS]}
        unique = f"{name}-{os.getpid()}-{time.monotonic_ns() % 10**9}"
        asyncio.run(_execute(base["DATABASE_URL"], f'CREATE DATABASE "{unique}"'))
        environment = base | {
            "DATABASE_URL": urlsplit(base["DATABASE_URL"])._replace(path=f"/{unique}").geturl(),
            "KAFKA_TOPIC_PREFIX": f"{unique}.",
            "REDIS_KEY_PREFIX": unique,
            "KAFKA_PARTITIONS": str(partitions),
            "MODEL_PATH": str(self._model_path.absolute()),
            "METRICS_PORT": "0",
            **more,
        }
        lane = Lane(name, environment)
        upgrade(environment["DATABASE_URL"])
        asyncio.run(ensure_topics(lane.settings))
        return lane

    def worker(self, lane: Lane) -> Worker:
        worker = Worker(lane, self.home.log(f"worker-{lane.name}"))
        self._workers.append(worker)
        return worker

    def end_workers(self) -> None:
        """Whatever a run left running."""
        for worker in self._workers:
            if worker.alive:
                worker.kill()

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time so far of each server with its children."""
        return {part.spec.name: tree_cpu_seconds(part.pid) for part in self.stack.parts}


@contextmanager
def running(model_path: Path) -> Iterator[Bench]:
    """Start servers in a folder of their own, deleted at the end of a good run; make a model if there is none."""
    folder = Path(tempfile.mkdtemp(prefix="riskstream-bench-"))
    home = Home(folder)
    home.prepare()
    stack = servers.prepare(home, Settings(_env_file=None, riskstream_home=folder))
    stack.start()
    try:
        servers.ensure_database(home)
        if not (model_path / "champion").exists():
            command = [sys.executable, "-m", "riskstream", "train", "--quick", "--out", str(model_path)]
            subprocess.run([*command, "--transactions", QUICK_MODEL_TRANSACTIONS], check=True, stdin=subprocess.DEVNULL)
        bench = Bench(home, stack, model_path)
        try:
            yield bench
        finally:
            bench.end_workers()
    except BaseException:
        print(f"The logs are kept in {home.logs}", file=sys.stderr)
        raise
    else:
        stack.stop()
        shutil.rmtree(folder)
    finally:
        stack.stop()


def tree_cpu_seconds(pid: int) -> float:
    """User and system time of a process and its live descendants, and of the dead ones it has waited for."""
    process = psutil.Process(pid)
    total = 0.0
    for member in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # a short-lived child
            times = member.cpu_times()
            total += times.user + times.system
    own = process.cpu_times()
    return total + own.children_user + own.children_system


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "load_before": [round(load, 1) for load in os.getloadavg()],
    }


def latency_figures(latencies_ms: Sequence[float], *, decimals: int) -> dict[str, float]:
    """Median, 99th percentile and maximum, rounded."""
    ordered = sorted(latencies_ms)
    places = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    return {
        name: round(ordered[min(int(len(ordered) * place), len(ordered) - 1)], decimals)
        for name, place in places.items()
    }


def write_result(name: str, result: dict[str, Any]) -> Path:
    """Keep a run's figures beside the benchmarks."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    return path


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class StoredOffsets:
    """Asks Postgres over one connection how far each partition is stored; a new one a question would cost a fork."""

    def __init__(self, lane: Lane) -> None:
        self._loop = asyncio.new_event_loop()
        self._connection = self._loop.run_until_complete(asyncpg.connect(lane.environment["DATABASE_URL"]))

    def total(self) -> int:
        """Sum of the partitions' next offsets."""
        question = self._connection.fetchval(_STORED)
        return int(self._loop.run_until_complete(question))

    def totals(self) -> Iterator[int]:
        """The same, again and again, a moment apart, until the caller has seen enough."""
        while True:
            yield self.total()
            time.sleep(POLL_S)

    def close(self) -> None:
        self._loop.run_until_complete(self._connection.close())
        self._loop.close()
