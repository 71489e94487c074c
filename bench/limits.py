"""What a request pays for being counted, and what checking a password costs, the account known or not."""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request

from api.accounts.counters import Counters
from api.accounts.limiter import Limiter
from api.accounts.passwords import Passwords
from api.accounts.tiers import Rate
from api.auth import Caller
from bench.harness import machine, write_result
from settings import load_settings

WARM = 100


def main() -> None:
    """Print and keep the figures. Needs a Redis at REDIS_URL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--passwords", type=int, default=40)
    parser.add_argument("--name", default="limits", help="of the result file")
    arguments = parser.parse_args()
    result = asyncio.run(_measure(arguments.requests, arguments.passwords))
    write_result(arguments.name, {"machine": machine(), "arguments": vars(arguments), **result})
    for name, figures in result.items():
        print(name, figures)


async def _measure(requests: int, passwords: int) -> dict[str, Any]:
    counters = Counters(load_settings().redis_url, "bench")
    limiter = Limiter(counters, None, Rate(1, 1))
    caller = Caller(1, frozenset(), "key", 1)

    async def count() -> None:
        await limiter.admit_caller(Request({"type": "http", "headers": []}), caller)

    hashing = Passwords()
    stored = await hashing.hash("giraffes read on tuesdays")
    found = {
        "counted_in_redis": await _each(count, requests),
        "password_verified": await _each(lambda: hashing.verify("giraffes read on tuesdays", stored), passwords),
        "unknown_account": await _each(lambda: hashing.verify("giraffes read on tuesdays", None), passwords),
    }
    hashing.close()
    await counters.close()
    return found


async def _each(work: Callable[[], Awaitable[object]], times: int) -> dict[str, float]:
    """Milliseconds of one call after another: median, 99th percentile, and processor time of this process."""
    for _ in range(min(WARM, times)):
        await work()
    took_s, cpu_s = [], time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        await work()
        took_s.append(time.perf_counter() - began)
    cpu_s = time.process_time() - cpu_s
    took_s.sort()
    return {
        "ms_p50": round(took_s[times // 2] * 1000, 3),
        "ms_p99": round(took_s[times * 99 // 100] * 1000, 3),
        "cpu_ms": round(cpu_s / times * 1000, 3),
    }


if __name__ == "__main__":
    main()
