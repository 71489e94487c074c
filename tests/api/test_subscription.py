"""Tiers and the month's quota."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from people import kind_of, register
from running_gateway import RunningGateway

from api.accounts.quota import FRESH_S, Quotas
from api.accounts.tiers import TIERS
from api.auth import Caller
from api.database import Database
from api.problems import Problem
from contracts.errors import StoreUnavailable
from storage.audit import AuditFilter, AuditRepository
from storage.database import connect
from storage.roles import IDENTITY
from storage.rollups import RollupFolder
from storage.usage import UsageRepository, month_of

NOW = datetime(2027, 2, 28, 23, 30, tzinfo=UTC)
QUOTA = TIERS["starter"].quota or 0
STARTER = Caller(1, frozenset(), "key", 1, tier="starter")


async def use(pool, client_id: int, decisions: int, at: datetime) -> None:
    hour_ms = int(at.timestamp()) // 3600 * 3_600_000
    insert = "INSERT INTO usage_deltas (client_id, period_ms, decisions) VALUES ($1, $2, $3)"
    await pool.execute(insert, client_id, hour_ms, decisions)


class Clock:
    def __init__(self) -> None:
        self.now_s = NOW.timestamp()

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def quotas(database_url: str, clock: Clock):
    database = Database(lambda: connect(database_url, role=IDENTITY))
    yield Quotas(database, clock)
    await database.close()


async def refused(quotas: Quotas, transactions: int = 1) -> Problem | None:
    try:
        await quotas.admit(STARTER, transactions)
    except Problem as problem:
        return problem
    return None


def test_months() -> None:
    assert month_of(NOW) == (datetime(2027, 2, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))
    assert month_of(datetime(2027, 12, 31, tzinfo=UTC))[1] == datetime(2028, 1, 1, tzinfo=UTC)


async def test_what_was_used_is_the_months_folded_or_not(pool) -> None:
    for at in (NOW, NOW - timedelta(days=27, hours=23), NOW - timedelta(days=28), NOW + timedelta(hours=1)):
        await use(pool, 1, 10, at)
    await use(pool, 2, 5, NOW)
    usage = UsageRepository(pool)
    assert await usage.used(1, NOW) == 20
    while await RollupFolder(pool).fold():
        pass
    await use(pool, 1, 1, NOW)
    assert await usage.used(1, NOW) == 21
    assert await usage.used(3, NOW) == 0


async def test_a_quota_lets_so_many_through_and_no_more(quotas: Quotas, pool) -> None:
    await use(pool, 1, QUOTA - 10, NOW)
    assert await refused(quotas, 11) is not None
    assert [await refused(quotas) is None for _ in range(12)] == [True] * 10 + [False] * 2
    problem = await refused(quotas)
    assert problem is not None
    assert (problem.status_code, problem.kind.slug) == (429, "quota-exceeded")
    assert (problem.headers or {})["Retry-After"] == "1800"  # until March


async def test_a_new_month_begins_anew(quotas: Quotas, pool, clock: Clock) -> None:
    await use(pool, 1, QUOTA, NOW)
    assert await refused(quotas) is not None
    clock.now_s += 1800
    assert await refused(quotas) is None


async def test_what_others_used_is_seen_after_a_while(quotas: Quotas, pool, clock: Clock) -> None:
    assert await refused(quotas) is None
    await use(pool, 1, QUOTA, NOW)
    assert await refused(quotas) is None
    clock.now_s += FRESH_S + 1
    async with asyncio.timeout(20):
        while await refused(quotas) is None:  # noqa: ASYNC110 - it is asked behind the callers' back
            await asyncio.sleep(0)


async def test_nobody_is_refused_for_want_of_bookkeeping(clock: Clock) -> None:
    async def away() -> None:
        raise StoreUnavailable("Postgres is away")

    quotas = Quotas(Database(away), clock)  # type: ignore[arg-type]
    assert await refused(quotas, QUOTA * 2) is None


async def test_who_has_no_quota_is_not_even_asked_about(clock: Clock) -> None:
    async def away() -> None:
        raise AssertionError("nobody asks")

    quotas = Quotas(Database(away), clock)  # type: ignore[arg-type]
    await quotas.admit(Caller(1, frozenset(), "key", 1, tier=None), 10**9)


async def test_the_subscription_tells_limits_and_usage(gateway: RunningGateway, pool) -> None:
    admin = await register(gateway, "starter")
    now = datetime.now(UTC)
    await use(pool, admin.tokens["client_id"], 7, now)
    told = (await admin.call("GET", "/v1/subscription")).json()
    assert told["tier"] == "starter"
    assert told["rate_limit"] == {"requests": 100, "window_s": 10}
    resets_at = told["quota"].pop("resets_at")
    assert told["quota"] == {"limit": QUOTA, "used": 7, "remaining": QUOTA - 7}
    assert datetime.fromisoformat(resets_at) == month_of(now)[1]


async def test_an_administrator_changes_the_tier_and_it_counts_at_once(gateway: RunningGateway, pool) -> None:
    admin = await register(gateway, "enterprise")
    viewer = await admin.invite("viewer")
    assert (await viewer.call("GET", "/v1/subscription")).status_code == 200
    assert (await viewer.call("PUT", "/v1/subscription", {"tier": "growth"})).status_code == 403
    assert (await admin.call("PUT", "/v1/subscription", {"tier": "gold"})).status_code == 422
    for _ in range(2):
        changed = await admin.call("PUT", "/v1/subscription", {"tier": "growth"})
        assert (changed.status_code, changed.json()["tier"]) == (200, "growth")
    assert "q=1000;w=10" in (await viewer.call("GET", "/v1/session")).headers["ratelimit-policy"]
    wanted = AuditFilter(action="subscription.changed")
    [entry] = await AuditRepository(pool).page(
        admin.tokens["client_id"], wanted
    )  # once, for the second changed nothing
    assert entry.detail == {"tier": "growth"}


async def test_a_client_without_a_subscription_is_not_limited(gateway: RunningGateway, make_key, other_client) -> None:
    headers = {"X-API-Key": await make_key(other_client)}
    told = (await gateway.http.get("/v1/subscription", headers=headers)).json()
    assert (told["tier"], told["since"], told["quota"]["limit"]) == ("enterprise", None, None)


async def test_a_call_beyond_the_quota_is_refused_with_the_same_problem_in_a_batch(
    gateway: RunningGateway, pool
) -> None:
    admin = await register(gateway, "starter")
    await use(pool, admin.tokens["client_id"], QUOTA, datetime.now(UTC))
    item = {"transaction_id": "t", "amount": 1, "account_id": "a", "timestamp": datetime.now(UTC).isoformat()}
    for path, body in (("/v1/score", item), ("/v1/score/batch", {"transactions": [item]})):
        answer = await admin.call("POST", path, body)
        assert kind_of(answer) == (429, "quota-exceeded"), path
        assert int(answer.headers["retry-after"]) > 0
