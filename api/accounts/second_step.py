"""The second step of a sign-in: a challenge for a right password, a session for the challenge and a factor."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NoReturn

from api.accounts.factor_checks import FactorChecks, Given
from api.database import Database
from api.keyring import Keyring
from api.keys import hash_factor_challenge, new_token
from api.problems import SECOND_FACTOR_REQUIRED, SECOND_FACTOR_WRONG, TOKEN_SPENT, Problem
from storage.audit import AuditEntry, record
from storage.database import session
from storage.factor_challenges import FactorChallenge, FactorChallengeRepository
from storage.second_factors import Factor
from storage.user_sessions import NewSession
from storage.users import Account, UserRepository

CHALLENGE_TTL = timedelta(minutes=5)
CHALLENGE_BYTES = 32  # of what an authenticator signs
Purpose = Literal["tokens", "console"]
_SPENT = "this challenge is unknown, used, over, or was tried too often; sign in again"
_WRONG = "this second factor is wrong, or was used before"


class SecondStep:
    """Every method may raise StoreUnavailable, and a problem where it says so."""

    def __init__(self, database: Database, keyring: Keyring, checks: FactorChecks) -> None:
        self._database = database
        self._keyring = keyring
        self._checks = checks

    async def demand(self, account: Account, purpose: Purpose) -> None:
        """Raises a 401 problem with a challenge if the account has a second factor; else nothing happens.

        Only for who gave the right password. `purpose` is what the challenge can be traded for: tokens, or a cookie.
        """
        factors = await self._checks.factors(account.user_id)
        if not factors:
            return
        token = new_token()
        challenge = FactorChallenge(account.client_id, account.user_id, purpose, None, None)
        async with self._database.pool() as pool:
            token_hash = hash_factor_challenge(self._keyring.current, token)
            await FactorChallengeRepository(pool).add(token_hash, challenge, datetime.now(UTC) + CHALLENGE_TTL)
        raise Problem(
            SECOND_FACTOR_REQUIRED,
            "the password is right; send the challenge with a second factor to finish",
            headers={"WWW-Authenticate": 'Bearer realm="riskstream"'},
            challenge=token,
            factors=[*sorted({each.kind for each in factors}), "recovery_code"],
            expires_in=int(CHALLENGE_TTL.total_seconds()),
        )

    async def ask_authenticator(self, token: str) -> Any:
        """What a security key has to sign for this challenge. Raises a 410 problem."""
        hashes = self._hashes(token)
        async with self._database.pool() as pool:
            found = await FactorChallengeRepository(pool).find(hashes, ["tokens", "console"])
        keys = _credentials(await self._checks.factors(found.user_id)) if found else []
        if not keys:
            raise Problem(TOKEN_SPENT, _SPENT)
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        async with self._database.pool() as pool:
            await FactorChallengeRepository(pool).ask_authenticator(hashes, challenge)
        return self._checks.site.assertion(challenge, keys)

    async def account_of(self, token: str, purpose: Purpose) -> Account:
        """Whose challenge it is. Raises a 410 problem."""
        async with self._database.pool() as pool:
            found = await FactorChallengeRepository(pool).find(self._hashes(token), [purpose])
            account = await UserRepository(pool).account(user_id=found.user_id) if found else None
        if account is None:
            raise Problem(TOKEN_SPENT, _SPENT)
        return account

    async def finish(
        self, token: str, purpose: Purpose, given: Given, account: Account, opened: NewSession, request_id: str
    ) -> None:
        """Trade challenge and factor for the session. Raises a 401, 410 or 429 problem."""
        if given.can_be_guessed:
            await self._checks.attempt(account.user_id)
        hashes = self._hashes(token)
        async with self._database.pool() as pool:
            found = await FactorChallengeRepository(pool).attempt(hashes, [purpose])
        if found is None or found.user_id != account.user_id:
            raise Problem(TOKEN_SPENT, _SPENT)
        factors = await self._checks.factors(account.user_id)
        proof = self._checks.proof(account.user_id, factors, given, found.webauthn_challenge)
        if proof is None:
            await self._refuse(account, given, request_id)
        entry = factor_entry(account, "user.recovery_code_used", request_id) if given.recovery_code else None
        async with self._database.pool() as pool:
            done = await FactorChallengeRepository(pool).sign_in(hashes, proof, opened, entry)
        if not done:
            await self._refuse(account, given, request_id)
        await self._checks.succeeded(account.user_id)

    async def _refuse(self, account: Account, given: Given, request_id: str) -> NoReturn:
        """Somebody who knows the password has no factor: that is worth an entry."""
        async with self._database.pool() as pool, session(pool) as connection:
            await record(connection, factor_entry(account, "user.second_factor_failed", request_id, kind=given.kind))
        raise Problem(SECOND_FACTOR_WRONG, _WRONG, headers={"WWW-Authenticate": 'Bearer realm="riskstream"'})

    def _hashes(self, token: str) -> list[bytes]:
        return self._keyring.hashes(hash_factor_challenge, token)


def factor_entry(account: Account, action: str, request_id: str, **detail: object) -> AuditEntry:
    """An audit entry of what a user did who is not signed in yet."""
    actor = f"user:{account.user_id}"
    return AuditEntry(
        client_id=account.client_id, actor=actor, action=action, subject=actor, detail=detail, request_id=request_id
    )


def _credentials(factors: list[Factor]) -> list[Factor]:
    return [each for each in factors if each.credential_id is not None]
