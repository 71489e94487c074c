"""Making Redis lose what it may lose: the end of its append-only file, or all of it."""

from pathlib import Path

from bench.harness import Bench

TAIL_BYTES = 4_000_000  # about what a flood of transactions writes in a second


def lose_last_second(bench: Bench) -> int:
    """Stop Redis, cut the end of its append-only file off as if it was never synced, start it. Returns bytes lost."""
    redis = bench.part("redis")
    log = _newest_log(bench)
    redis.stop()
    size = log.stat().st_size
    lost = min(TAIL_BYTES, size)
    with log.open("r+b") as file:
        file.truncate(size - lost)
    redis.start()
    redis.wait_ready()
    return lost


def lose_everything(bench: Bench) -> int:
    """Stop Redis, delete its data, start it. Returns bytes lost."""
    redis = bench.part("redis")
    folder = _newest_log(bench).parent
    redis.stop()
    lost = 0
    for file in folder.iterdir():
        lost += file.stat().st_size
        file.unlink()
    redis.start()
    redis.wait_ready()
    return lost


def _newest_log(bench: Bench) -> Path:
    return max((bench.home.root / "redis").rglob("*.incr.aof"), key=lambda path: path.stat().st_mtime)
