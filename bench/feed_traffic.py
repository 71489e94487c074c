"""Alerts at a steady rate, by the whole path: published payments, a worker that flags nearly all of them."""

import asyncio
import itertools
from datetime import UTC, datetime

import asyncpg
import msgspec

from bench.harness import Lane
from bench.workload import simulated
from contracts.transaction import encode_transaction
from riskstream_client.publisher import Publisher

FLAGS_NEARLY_ALL = {"RISK_THRESHOLD_HIGH": "0.001"}  # a setting of the lane's worker
DISTINCT = 5_000  # simulated payments, sent again and again under new ids
ACCOUNTS = 10  # so few that each pays as fast as only a thief does
TICK_S = 0.02


async def publish_steadily(lane: Lane, rate: float, until: asyncio.Event) -> int:
    """Publish `rate` payments a second, of this moment, until told to stop; returns how many."""
    settings, loop = lane.settings, asyncio.get_running_loop()
    payments = list(simulated(DISTINCT))
    began_s, sent = loop.time(), 0
    numbers = itertools.count()
    async with Publisher(settings.kafka_bootstrap_servers, settings.topics.transactions) as publisher:
        while not until.is_set():
            due = int((loop.time() - began_s) * rate) - sent
            for _ in range(due):
                number = next(numbers)
                payment = msgspec.structs.replace(
                    payments[number % DISTINCT],
                    transaction_id=f"feed-{number}",
                    timestamp=datetime.now(UTC),
                    account_id=f"stolen-{number % ACCOUNTS}",
                )
                await publisher.publish_raw(payment.account.encode(), encode_transaction(payment))
            if due > 0:
                await publisher.flush()
                sent += due
            await asyncio.sleep(TICK_S)
    return sent


async def last_sequence(lane: Lane) -> int:
    """The demo client's newest alert's number."""
    connection = await asyncpg.connect(lane.environment["DATABASE_URL"])
    try:
        return await connection.fetchval("SELECT last_sequence FROM alert_sequences WHERE client_id = 1") or 0
    finally:
        await connection.close()


async def settled(lane: Lane, payments: int) -> int:
    """Waits until every payment has its decision; the newest alert's number then."""
    connection = await asyncpg.connect(lane.environment["DATABASE_URL"])
    try:
        while await connection.fetchval("SELECT count(*) FROM decided") < payments:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.2)
    finally:
        await connection.close()
    return await last_sequence(lane)
