"""`python -m bench.dashboard`: how fast charts are over millions of decisions, and what counting costs who stores.

1. Decisions of a year are appended as deltas, as many as workers would leave, and folded by the worker's own code; then
   every endpoint of the dashboard and of the analytics is asked again and again through a real gateway, with fresh
   deltas lying about.
2. Batches are stored with and without counting, in turn, on the same tables.
"""

import argparse
import asyncio
import itertools
import json
import statistics
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import asyncpg

from bench.gateway import HOST, Gateway
from bench.harness import Lane, machine, running, write_result
from contracts.decision import Decision, Recommendation, RiskLevel
from contracts.journal import JournalEntry, Outcome
from contracts.transaction import EPOCH, Transaction, encode_transaction
from storage import rollups
from storage.database import connect
from storage.decision_store import PostgresDecisionStore
from storage.roles import PIPELINE

DAYS = 365
ASKS = 40  # of each address
FRESH_DELTAS = 4_000  # what a full worker leaves in four seconds, two turns of the folding
BATCH, BATCHES = 2_000, 30  # batches of each kind
MS = timedelta(milliseconds=1)

# Five currencies, two kinds, four levels, two models; $1 decisions, spread over the days before $2 (milliseconds).
_MAKE_DECISIONS = f"""
INSERT INTO decision_deltas (
    client_id, period_ms, context_id, kind, risk_level, recommendation, degraded, currency, decisions, amount
)
SELECT 1, h.hour_ms, c.context_id, k.kind, l.risk_level, l.recommendation, false, u.currency,
    greatest(1, ($1 * l.share * k.share * u.share / ({DAYS} * 24))::bigint), (100000 * l.share)::bigint
FROM generate_series(($2::bigint / 3600000 - {DAYS} * 24) * 3600000, $2::bigint, 3600000) AS h (hour_ms)
CROSS JOIN (VALUES ('payment', 0.95::float), ('refund', 0.05)) AS k (kind, share)
CROSS JOIN (VALUES ('LOW', 'APPROVE', 0.95::float), ('MEDIUM', 'REVIEW', 0.03), ('HIGH', 'FLAG', 0.015),
    ('CRITICAL', 'DECLINE', 0.005)) AS l (risk_level, recommendation, share)
CROSS JOIN (VALUES ('USD', 0.6::float), ('EUR', 0.2), ('KES', 0.1), ('GBP', 0.05), ('JPY', 0.05)) AS u (currency, share)
CROSS JOIN LATERAL (
    SELECT context_id FROM decision_contexts ORDER BY (h.hour_ms / 86400000 + context_id) % 2 LIMIT 1
) AS c
"""
_MAKE_SCORES = f"""
INSERT INTO score_deltas (client_id, period_ms, context_id, degraded, bucket, decisions)
SELECT 1, h.hour_ms, c.context_id, false, b.bucket, greatest(1, ($1 / ({DAYS} * 24) / 101)::bigint)
FROM generate_series(($2::bigint / 3600000 - {DAYS} * 24) * 3600000, $2::bigint, 3600000) AS h (hour_ms)
CROSS JOIN generate_series(0, 100) AS b (bucket)
CROSS JOIN LATERAL (
    SELECT context_id FROM decision_contexts ORDER BY (h.hour_ms / 86400000 + context_id) % 2 LIMIT 1
) AS c
"""
_MAKE_LABELS = """
INSERT INTO label_deltas (client_id, period_ms, context_id, recommendation, fraud, currency, decisions, amount)
SELECT client_id, period_ms, context_id, recommendation, f.fraud, currency, 1 + decisions / 10, 1 + amount / 10
FROM decision_deltas CROSS JOIN (VALUES (true), (false)) AS f (fraud) WHERE kind = 'payment'
"""
_MAKE_ALERTS = """
INSERT INTO alert_deltas (client_id, period_ms, severity, status, alerts)
SELECT client_id, period_ms, risk_level, s.status, sum(decisions)
FROM decision_deltas CROSS JOIN (VALUES ('OPEN'), ('IN_REVIEW'), ('CLOSED')) AS s (status)
WHERE recommendation IN ('FLAG', 'DECLINE') GROUP BY 1, 2, 3, 4
"""
_FRESH = f"""
INSERT INTO score_deltas SELECT client_id, ($1::bigint / 3600000 - 1) * 3600000, context_id, degraded, bucket, 1
FROM score_rollups LIMIT {FRESH_DELTAS}
"""


def main() -> None:
    """Print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=50_000_000, help="counted in the charts' rollups")
    parser.add_argument("--model", type=Path, default=Path("models"))
    parser.add_argument("--name", default="dashboard", help="of the result file")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": machine(), "decisions": arguments.decisions, "days": DAYS}
    with running(arguments.model) as bench:
        lane = bench.lane("dashboard", partitions=1)
        result["folded"] = asyncio.run(_fill(lane, arguments.decisions))
        gateway = Gateway(lane, bench.home.log("gateway-dashboard"), RATE_LIMIT="1000000/minute")
        gateway.start()
        try:
            result["milliseconds"] = _ask_all(gateway)
        finally:
            gateway.stop()
        result["storing"] = asyncio.run(_storing(bench.lane("storing", partitions=1)))
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")


async def _fill(lane: Lane, decisions: int) -> dict[str, Any]:
    now_ms = (datetime.now(UTC) - EPOCH) // MS
    connection = await asyncpg.connect(lane.environment["DATABASE_URL"], command_timeout=600)
    for version in ("model-1", "model-2"):
        await connection.execute(
            "INSERT INTO decision_contexts (model_version, catalogue_hash, policy_version, decided_by)"
            " VALUES ($1, 'hash', '1', 'model')",
            version,
        )
    await connection.execute(_MAKE_DECISIONS, float(decisions), now_ms)
    await connection.execute(_MAKE_SCORES, float(decisions), now_ms)
    await connection.execute(_MAKE_LABELS)
    await connection.execute(_MAKE_ALERTS)
    began_s, folded = time.perf_counter(), 0
    async with await connect(lane.environment["DATABASE_URL"], size_max=2, role=PIPELINE) as pool:
        folder = rollups.RollupFolder(pool)
        while count := await folder.fold():
            folded += count
    seconds = time.perf_counter() - began_s
    await connection.execute("VACUUM ANALYZE")
    await connection.execute(_FRESH, now_ms)
    rows = {
        rollup.name: await connection.fetchval(f"SELECT count(*) FROM {rollup.name}_rollups")
        for rollup in rollups.ROLLUPS
    }
    await connection.close()
    return {"deltas": folded, "deltas a second": round(folded / seconds), "rows": rows}


def _ask_all(gateway: Gateway) -> dict[str, dict[str, float]]:
    now = datetime.now(UTC)
    spans = {"a year": now - timedelta(days=DAYS - 1), "30 days": now - timedelta(days=30)}
    wide = {name: f"from={quote(start.isoformat())}" for name, start in spans.items()}
    addresses = {
        f"{path}, {name}": f"/v1/{path}?{period}&bucket=day"
        for path in (
            "dashboard/metrics", "dashboard/alerts-trend", "dashboard/severity-distribution", "analytics/metrics",
            "analytics/alert-volume", "analytics/confusion-matrix", "analytics/score-distribution",
        )
        for name, period in wide.items()
    }  # fmt: skip
    addresses["dashboard/alerts-trend, 30 days by hour"] = f"/v1/dashboard/alerts-trend?{wide['30 days']}&bucket=hour"
    year = wide["a year"]
    addresses["analytics/metrics, a year, unlabelled legitimate"] = (
        f"/v1/analytics/metrics?{year}&unlabelled=legitimate"
    )
    addresses["dashboard/metrics, a day"] = "/v1/dashboard/metrics"
    addresses["dashboard/live"] = "/v1/dashboard/live"
    return {name: _asked(gateway, address) for name, address in addresses.items()}


def _asked(gateway: Gateway, address: str) -> dict[str, float]:
    request = urllib.request.Request(f"http://{HOST}:{gateway.port}{address}", headers={"X-API-Key": gateway.key})
    took = []
    for _ in range(ASKS + 2):
        began_s = time.perf_counter()
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
        took.append((time.perf_counter() - began_s) * 1000)
    took = sorted(took[2:])  # the first ones open connections
    return {"p50": round(statistics.median(took), 1), "p95": round(took[int(len(took) * 0.95)], 1)}


async def _storing(lane: Lane) -> dict[str, Any]:
    async with await connect(lane.environment["DATABASE_URL"], size_max=2, role=PIPELINE) as pool:
        store = PostgresDecisionStore(pool, lane.settings.topics.transactions)
        await store.start_partition(0, 0)
        offsets = itertools.count()
        batches: dict[str, list[float]] = {"counting": [], "not counting": []}
        for _ in range(BATCHES):
            for kind, seconds in batches.items():
                count = rollups.count_decisions if kind == "counting" else _nothing
                with patch.object(rollups, "count_decisions", count):
                    seconds.append(await _store_batch(store, offsets))
    return {"microseconds a transaction": _medians(batches, 1e6 / BATCH)}


def _medians(found: dict[str, list[float]], scale: float) -> dict[str, float]:
    return {kind: round(statistics.median(seconds) * scale, 2) for kind, seconds in found.items()}


async def _nothing(*_arguments: Any, **_more: Any) -> None:
    """In place of counting."""


async def _store_batch(store: PostgresDecisionStore, offsets: "itertools.count[int]") -> float:
    numbers = [next(offsets) for _ in range(BATCH)]
    start = await store.next_offset(0) or 0
    entry = JournalEntry(0, start, numbers[-1] + 1, 1, tuple(_outcome(number) for number in numbers))
    began_s = time.perf_counter()
    await store.store(entry)
    return time.perf_counter() - began_s


def _outcome(number: int) -> Outcome:
    transaction = Transaction(
        transaction_id=f"t{number}",
        amount=number % 1_000 + 0.5,
        timestamp=datetime.now(UTC),
        account_id=f"account-{number % 5_000}",
        currency=("USD", "EUR", "KES")[number % 3],
        merchant_id=f"merchant-{number % 300}",
    )
    decision = Decision(
        client_id=1,
        transaction_id=transaction.transaction_id,
        account=transaction.account,
        event_time_ms=transaction.event_time_ms,
        risk_score=(number * 7919 % 1000) / 10,
        risk_level=RiskLevel.LOW,
        recommendation=Recommendation.APPROVE,
        probability=0.1,
        signals={"velocity": 0.5},
        model_version="model-1",
        catalogue_hash="hash",
        policy_version="1",
        vector=bytes(900),
    )
    return Outcome(number, encode_transaction(transaction), decision)


if __name__ == "__main__":
    main()
