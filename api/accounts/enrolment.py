"""A user's own second factors: enrol, remove, recovery codes; each change only soon after proving who one is."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from api.accounts.devices import Origin
from api.accounts.factor_checks import FactorChecks, Given, hash_recovery_code, owner_of
from api.accounts.one_time_codes import new_recovery_codes, new_totp_secret, qr_code, totp_address
from api.accounts.second_step import CHALLENGE_BYTES, CHALLENGE_TTL
from api.accounts.signing_in import SigningIn
from api.auth import Caller
from api.database import Database
from api.keyring import Keyring, key_id
from api.keys import hash_factor_challenge, new_token
from api.problems import (
    NOT_AUTHENTICATED,
    NOT_FOUND,
    PROOF_REQUIRED,
    SECOND_FACTOR_WRONG,
    TOKEN_SPENT,
    TOO_MANY_KEPT,
    Problem,
)
from storage.audit import AuditEntry
from storage.factor_challenges import FactorChallenge, FactorChallengeRepository
from storage.second_factors import Factor, NewCodes, SecondFactorRepository
from storage.users import Account, UserRepository

FRESH_FOR = timedelta(minutes=5)  # after a sign-in or a confirmation
REGISTER = "register"  # what a challenge is for


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """A secret for an authenticator app, shown this once."""

    factor_id: int
    secret: str
    address: str
    qr_code: str


class Enrolment:
    """Every method may raise StoreUnavailable, and a problem where it says so."""

    def __init__(self, database: Database, keyring: Keyring, checks: FactorChecks, signing_in: SigningIn) -> None:
        self._database = database
        self._keyring = keyring
        self._checks = checks
        self._signing_in = signing_in

    async def overview(self, caller: Caller) -> tuple[list[Factor], int]:
        """The caller's factors, and how many recovery codes are left."""
        user_id, _ = _of(caller)
        async with self._database.pool() as pool:
            known = [key_id(each) for each in self._keyring.secrets]
            left = await SecondFactorRepository(pool).codes_left(user_id, known)
        return await self._checks.factors(user_id), left

    async def require_fresh(self, caller: Caller) -> None:
        """Raises a 403 problem unless this session's user proved who they are within the last minutes.

        Who has a factor must have shown it in this session, too.
        """
        _, session_id = _of(caller)
        async with self._database.pool() as pool:
            standing = await SecondFactorRepository(pool).standing(session_id)
        if standing is None:
            raise Problem(NOT_AUTHENTICATED, "the session has ended", headers={"WWW-Authenticate": "Bearer"})
        if standing.has_factor and not standing.second_factor:
            raise Problem(PROOF_REQUIRED, "confirm with your second factor first: POST /auth/confirm with a code")
        if standing.proved_at < datetime.now(UTC) - FRESH_FOR:
            raise Problem(PROOF_REQUIRED, "say who you are once more: POST /auth/confirm with password or code")

    async def confirm(
        self, caller: Caller, password: str | None, given: Given, origin: Origin, entry: AuditEntry
    ) -> None:
        """Prove once more who the caller is. Raises a 401 or 429 problem."""
        user_id, session_id = _of(caller)
        if password is not None:
            await self._signing_in.prove(caller, password, origin)
            async with self._database.pool() as pool:
                await SecondFactorRepository(pool).proved_by_password(session_id)
            return
        await self._checks.attempt(user_id)
        proof = self._checks.proof(user_id, await self._checks.factors(user_id), given, None)
        async with self._database.pool() as pool:
            repository = SecondFactorRepository(pool)
            used = entry if given.recovery_code is not None else None
            if proof is None or not await repository.proved_by_factor(user_id, session_id, proof, used):
                raise Problem(SECOND_FACTOR_WRONG, "this code is wrong, or was used before")
        await self._checks.succeeded(user_id)

    async def begin_totp(self, caller: Caller, name: str) -> TotpOffer:
        """A secret that counts once a code of it came back. Raises a 403 or 409 problem."""
        await self.require_fresh(caller)
        user_id, _ = _of(caller)
        account = await self._account(user_id)
        secret = new_totp_secret()
        sealed = self._checks.sealer.seal(secret.encode(), owner_of(user_id))
        async with self._database.pool() as pool:
            factor_id = await SecondFactorRepository(pool).begin_totp(caller.client_id, user_id, name, sealed)
        if factor_id is None:
            raise Problem(TOO_MANY_KEPT, "you have too many second factors; remove one first")
        uri = totp_address(secret, account.email)
        return TotpOffer(factor_id, secret, uri, qr_code(uri))

    async def confirm_totp(self, caller: Caller, factor_id: int, code: str, entry: AuditEntry) -> list[str]:
        """Make a begun factor count; recovery codes if it is the first. Raises a 401, 403, 404 or 429 problem."""
        await self.require_fresh(caller)
        user_id, session_id = _of(caller)
        async with self._database.pool() as pool:
            factor = await SecondFactorRepository(pool).pending(user_id, factor_id)
        if factor is None:
            raise Problem(NOT_FOUND, "no enrolment with this number waits for a code; begin once more")
        await self._checks.attempt(user_id)
        step = self._checks.step_of(factor, code)
        if step is None:
            raise Problem(SECOND_FACTOR_WRONG, "this code is wrong; is the clock of the device right?")
        codes, stored = self._new_codes(user_id)
        async with self._database.pool() as pool:
            done, first = await SecondFactorRepository(pool).confirm_totp(factor, step, session_id, stored, entry)
        if not done:
            raise Problem(NOT_FOUND, "this enrolment was finished already")
        await self._checks.succeeded(user_id)
        return codes if first else []

    async def begin_credential(self, caller: Caller) -> tuple[str, Any]:
        """A challenge, and what the browser asks the authenticator. Raises a 403 problem."""
        await self.require_fresh(caller)
        user_id, session_id = _of(caller)
        account = await self._account(user_id)
        known = await self._checks.factors(user_id)
        token, challenge = new_token(), secrets.token_bytes(CHALLENGE_BYTES)
        waiting = FactorChallenge(caller.client_id, user_id, REGISTER, session_id, challenge)
        async with self._database.pool() as pool:
            token_hash = hash_factor_challenge(self._keyring.current, token)
            await FactorChallengeRepository(pool).add(token_hash, waiting, datetime.now(UTC) + CHALLENGE_TTL)
        return token, self._checks.site.registration(user_id, account.email, account.name, challenge, known)

    async def add_credential(
        self, caller: Caller, token: str, name: str, credential: dict[str, Any], entry: AuditEntry
    ) -> tuple[int, list[str]]:
        """Keep the authenticator's credential; recovery codes if it is the first factor.

        Raises a 401, 403, 409 or 410 problem.
        """
        await self.require_fresh(caller)
        user_id, session_id = _of(caller)
        hashes = self._keyring.hashes(hash_factor_challenge, token)
        async with self._database.pool() as pool:
            found = await FactorChallengeRepository(pool).attempt(hashes, [REGISTER])
            mine = found is not None and (found.user_id, found.session_id) == (user_id, session_id)
        if found is None or not mine or found.webauthn_challenge is None:
            raise Problem(TOKEN_SPENT, "this challenge is unknown, used or over; begin once more")
        new = self._checks.site.registered(credential, found.webauthn_challenge, name)
        if new is None:
            raise Problem(SECOND_FACTOR_WRONG, "this credential was not made for this challenge and this site")
        codes, stored = self._new_codes(user_id)
        async with self._database.pool() as pool:
            factor_id, first = await SecondFactorRepository(pool).add_credential(
                caller.client_id, user_id, new, session_id, stored, entry
            )
        if factor_id is None:
            raise Problem(TOO_MANY_KEPT, "this security key is enrolled already, or you have too many factors")
        return factor_id, codes if first else []

    async def remove(self, caller: Caller, factor_id: int, entry: AuditEntry) -> None:
        """Remove a factor; the caller's other sessions end. Raises a 403 or 404 problem."""
        await self.require_fresh(caller)
        user_id, session_id = _of(caller)
        async with self._database.pool() as pool:
            if not await SecondFactorRepository(pool).remove(user_id, factor_id, session_id, entry):
                raise Problem(NOT_FOUND, "you have no second factor with this number")

    async def renew_codes(self, caller: Caller, entry: AuditEntry) -> list[str]:
        """New recovery codes in place of all earlier ones. Raises a 403 or 404 problem."""
        await self.require_fresh(caller)
        user_id, _ = _of(caller)
        codes, stored = self._new_codes(user_id)
        async with self._database.pool() as pool:
            if not await SecondFactorRepository(pool).renew_codes(caller.client_id, user_id, stored, entry):
                raise Problem(NOT_FOUND, "recovery codes come with a second factor; enrol one first")
        return codes

    async def _account(self, user_id: int) -> Account:
        async with self._database.pool() as pool:
            account = await UserRepository(pool).account(user_id=user_id)
        if account is None:
            raise Problem(NOT_AUTHENTICATED, "the session has ended", headers={"WWW-Authenticate": "Bearer"})
        return account

    def _new_codes(self, user_id: int) -> tuple[list[str], NewCodes]:
        codes = new_recovery_codes()
        secret = self._keyring.current
        return codes, NewCodes([hash_recovery_code(secret, user_id, each) for each in codes], key_id(secret))


def _of(caller: Caller) -> tuple[int, UUID]:
    assert caller.user_id is not None
    assert caller.session_id is not None
    return caller.user_id, caller.session_id
