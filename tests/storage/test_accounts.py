"""Users, sessions, failures and keys as Postgres keeps them, in the roles that use them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.api_keys import ApiKeyRepository
from storage.audit import AuditEntry
from storage.clients import ClientRepository
from storage.database import ClientPool, connect, session
from storage.roles import GATEWAY, IDENTITY, PIPELINE
from storage.sign_in_failures import FORGOTTEN_AFTER, BackOff, SignInFailureRepository, Subject
from storage.user_sessions import NewSession, UserSessionRepository
from storage.users import EmailTaken, NewUser, Unchanged, User, UserChange, UserRepository

NOW = datetime(2027, 2, 3, 4, 5, tzinfo=UTC)
RULE = BackOff(free=2, first_s=10, longest_s=60)


def new_user(email: str = "a@bank.example", role: str = "admin") -> NewUser:
    return NewUser(email=email, email_key=email.lower(), name="A", role=role, password_hash="hash")


def entry(client_id: int) -> AuditEntry:
    return AuditEntry(client_id=client_id, actor="test", action="test", subject="")


async def make(pool: Any, client_id: int, email: str = "a@bank.example", role: str = "admin") -> User:
    return await UserRepository(pool).create(client_id, new_user(email, role), entry(client_id))


def new_session(user: User, *, now: datetime | None = None, **changes: Any) -> NewSession:
    opened = now or datetime.now(UTC)
    known: dict[str, Any] = {
        "session_id": uuid4(),
        "client_id": user.client_id,
        "user_id": user.user_id,
        "address_hash": b"\x01" * 32,
        "opened_at": opened,
        "expires_at": opened + timedelta(days=1),
    }
    return NewSession(**known | changes)


@given(st.integers(0, 10_000), st.integers(0, 50), st.floats(0.1, 100), st.floats(100, 10_000))
def test_a_wait_never_shrinks_and_has_its_bounds(failures: int, free: int, first_s: float, longest_s: float) -> None:
    rule = BackOff(free=free, first_s=first_s, longest_s=longest_s)
    wait_s = rule.wait_s(failures)
    assert 0 <= wait_s <= longest_s
    assert wait_s <= rule.wait_s(failures + 1)
    assert (wait_s == 0) == (failures <= free)


async def test_an_attempt_that_has_to_wait_counts_for_nobody(database_url: str) -> None:
    async with await connect(database_url, role=IDENTITY) as pool:
        failures = SignInFailureRepository(pool)
        victim, other = Subject(b"v", RULE), Subject(b"o", RULE)
        waits = [await failures.attempt([victim], NOW) for _ in range(4)]
        assert waits == [0, 0, 0, 10]
        assert await failures.attempt([victim, other], NOW) == 10
        assert [await failures.attempt([other], NOW) for _ in range(4)] == [0, 0, 0, 10]


async def test_each_further_failure_waits_longer_up_to_a_bound(database_url: str) -> None:
    async with await connect(database_url, role=IDENTITY) as pool:
        failures = SignInFailureRepository(pool)
        subject, now, waits = Subject(b"v", RULE), NOW, []
        for _ in range(8):
            while wait_s := await failures.attempt([subject], now):
                waits.append(wait_s)
                now += timedelta(seconds=wait_s)
        assert waits == [10, 20, 40, 60, 60]


async def test_failures_are_forgotten_after_a_quiet_hour(database_url: str) -> None:
    async with await connect(database_url, role=IDENTITY) as pool:
        failures = SignInFailureRepository(pool)
        subject = Subject(b"v", RULE)
        for _ in range(3):
            await failures.attempt([subject], NOW)
        later = NOW + FORGOTTEN_AFTER + timedelta(seconds=1)
        assert [await failures.attempt([subject], later) for _ in range(3)] == [0, 0, 0]
        await failures.attempt([Subject(b"x", RULE)], later + FORGOTTEN_AFTER + timedelta(seconds=1))
        async with session(pool) as connection:
            assert await connection.fetchval("SELECT count(*) FROM sign_in_failures") == 1


async def test_attempts_at_the_same_moment_do_not_wait_for_each_others_clocks(database_url: str) -> None:
    async with await connect(database_url, role=IDENTITY) as pool:
        failures = SignInFailureRepository(pool)
        subject = Subject(b"v", RULE)
        moments = [NOW + timedelta(milliseconds=3), NOW, NOW + timedelta(milliseconds=1)]
        assert [await failures.attempt([subject], now) for now in moments] == [0, 0, 0]
        assert await failures.attempt([subject], NOW) > 0


async def test_a_success_takes_back_its_own_attempt_and_no_other(database_url: str) -> None:
    async with await connect(database_url, role=IDENTITY) as pool:
        failures = SignInFailureRepository(pool)
        subject = Subject(b"v", RULE)
        for _ in range(2):
            await failures.attempt([subject], NOW)
        for _ in range(5):
            assert await failures.attempt([subject], NOW) == 0
            await failures.forgive([b"v"], NOW)
        assert [await failures.attempt([subject], NOW) for _ in range(2)] == [0, 10]


async def test_attempts_in_any_order_do_not_wait_for_each_other_in_a_circle(database_url: str) -> None:
    async with await connect(database_url, role=IDENTITY, size_max=8) as pool:
        failures = SignInFailureRepository(pool)
        free = BackOff(free=1000, first_s=1, longest_s=1)
        subjects = [Subject(bytes([number]), free) for number in range(4)]
        orders = [subjects, subjects[::-1], subjects[2:] + subjects[:2]] * 10
        assert await asyncio.gather(*(failures.attempt(order, NOW) for order in orders)) == [0] * 30


async def test_a_client_has_an_email_address_once(database_url: str) -> None:
    async with await connect(database_url) as pool:
        other = await ClientRepository(pool).create("other")
        mine, theirs = await make(pool, 1), await make(pool, other)
        with pytest.raises(EmailTaken):
            await make(pool, other)
        found = await UserRepository(pool).accounts(mine.email.lower())
        assert [each.user_id for each in found] == [mine.user_id, theirs.user_id]
        assert [each.user_id for each in await UserRepository(pool).accounts(mine.email.lower(), other)] == [
            theirs.user_id
        ]
        with pytest.raises(ValueError, match="no client"):
            await make(pool, 99, "b@bank.example")


async def test_the_last_administrator_stays_whoever_asks_and_when(database_url: str) -> None:
    async with await connect(database_url) as owner:
        users = [await make(owner, 1, f"{number}@bank.example") for number in range(4)]
    async with await connect(database_url, role=GATEWAY, size_max=8) as plain:
        repository = UserRepository(ClientPool(plain, 1))
        change = UserChange(active=False)
        answers = await asyncio.gather(
            *(repository.change(1, user.user_id, change, lambda _b, _a: entry(1)) for user in users)
        )
        assert answers.count(Unchanged.LAST_ADMINISTRATOR) == 1
        left = [user for user in await repository.of_client(1) if user.deactivated_at is None]
        assert len(left) == 1


async def test_a_session_ends_with_its_time_its_user_and_its_end(database_url: str) -> None:
    async with await connect(database_url) as pool:
        sessions = UserSessionRepository(pool)
        user = await make(pool, 1)
        over = new_session(user, now=datetime.now(UTC) - timedelta(days=2))
        opened, ended = new_session(user), new_session(user)
        for each in (over, opened, ended):
            await sessions.open(each)
        assert await sessions.end(ended.session_id)
        assert not await sessions.end(ended.session_id)
        assert await sessions.find(over.session_id) is None
        assert await sessions.find(ended.session_id) is None
        found = await sessions.find(opened.session_id)
        assert found is not None
        assert (found.user_id, found.role, found.tier) == (user.user_id, "admin", "enterprise")
        await pool.execute("UPDATE users SET deactivated_at = now()")
        assert await sessions.find(opened.session_id) is None


async def test_a_used_refresh_token_ends_its_session(database_url: str) -> None:
    async with await connect(database_url, size_max=4) as pool:
        sessions = UserSessionRepository(pool)
        opened = new_session(await make(pool, 1), token_hash=b"one")
        await sessions.open(opened)
        assert await sessions.renew([b"unknown"], b"x", NOW) is None
        assert await sessions.renew([b"older secret", b"one"], b"two", NOW) is not None
        assert await sessions.renew([b"two"], b"three", NOW) is not None
        assert await sessions.renew([b"one"], b"four", NOW) is None
        assert await sessions.find(opened.session_id) is None
        assert await sessions.renew([b"three"], b"five", NOW) is None


async def test_a_key_is_hashed_anew_under_the_first_of_its_hashes(database_url: str) -> None:
    async with await connect(database_url) as pool:
        keys = ApiKeyRepository(pool)
        number = await keys.create(1, "k", b"old", "rsk_", ["read"])
        found = await keys.find(b"new", b"old")
        assert found is not None
        assert found.api_key_id == number
        assert await keys.find(b"old") is None
        assert await keys.find(b"new") is not None


async def test_what_the_gateways_role_cannot_see_of_accounts(database_url: str) -> None:
    async with await connect(database_url) as owner:
        user = await make(owner, 1)
    async with await connect(database_url, role=GATEWAY) as plain:
        for statement in (
            "SELECT password_hash FROM users",
            "UPDATE users SET password_hash = 'mine'",
            "UPDATE users SET email_key = 'mine'",
            "INSERT INTO users (client_id, email, email_key, name, role, password_hash) VALUES (1,'','','','admin','')",
            "SELECT * FROM user_sessions",
            "SELECT * FROM refresh_tokens",
            "SELECT * FROM password_resets",
            "SELECT * FROM sign_in_failures",
            "SELECT * FROM second_factors",
            "SELECT * FROM recovery_codes",
            "SELECT * FROM factor_challenges",
            "UPDATE sign_in_policies SET second_factor_roles = '{}'",
            "UPDATE usage_deltas SET decisions = 0",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with session(ClientPool(plain, 1)) as connection:
                    await connection.execute(statement)
        assert await UserRepository(ClientPool(plain, 2)).get(1, user.user_id) is None  # another client's session


async def test_the_pipelines_role_has_no_business_with_accounts(database_url: str) -> None:
    async with await connect(database_url, role=PIPELINE) as pool:
        for table in ("users", "user_sessions", "refresh_tokens", "invitations", "password_resets", "subscriptions"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with session(pool) as connection:
                    await connection.fetch(f"SELECT * FROM {table}")
