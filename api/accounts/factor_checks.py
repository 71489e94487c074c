"""Tells a right second factor from a wrong one. What it finds right is a proof, which storage lets count once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from api.accounts.one_time_codes import OneTimeCodes, plain
from api.accounts.relying_party import RelyingParty
from api.accounts.sealing import Sealer
from api.database import Database
from api.keyring import Keyring
from api.keys import derive
from api.problems import TOO_MANY_ATTEMPTS, Problem
from storage.second_factors import Factor, Proof, RecoveryProof, SecondFactorRepository, TotpProof
from storage.sign_in_failures import BackOff, SignInFailureRepository, Subject

# Three of a million codes are right at a time. With 15 minutes between two guesses a year of them finds one in ten
# times; whoever guesses knows the password already, and every wrong code is in the audit log.
GUESSES = BackOff(free=5, first_s=2, longest_s=15 * 60)


@dataclass(frozen=True, slots=True)
class Given:
    """What a user gave: one of the three."""

    code: str | None = None
    recovery_code: str | None = None
    credential: dict[str, Any] | None = None

    @property
    def can_be_guessed(self) -> bool:
        return self.credential is None

    @property
    def kind(self) -> str:
        if self.code is not None:
            return "totp"
        return "recovery_code" if self.recovery_code is not None else "webauthn"


def owner_of(user_id: int) -> str:
    """Names the owner of a sealed secret."""
    return f"user:{user_id}"


def hash_recovery_code(secret_key: str, user_id: int, code: str) -> bytes:
    """What storage keeps of a recovery code: 32 bytes."""
    return derive(secret_key, f"recovery-code:{user_id}:{plain(code)}")


class FactorChecks:
    """Every method may raise StoreUnavailable."""

    def __init__(self, database: Database, keyring: Keyring, site: RelyingParty, codes: OneTimeCodes) -> None:
        self._database = database
        self._keyring = keyring
        self._codes = codes
        self.sealer = Sealer(keyring)
        self.site = site

    async def factors(self, user_id: int) -> list[Factor]:
        """Those that count."""
        async with self._database.pool() as pool:
            return await SecondFactorRepository(pool).confirmed(user_id)

    def proof(self, user_id: int, factors: Sequence[Factor], given: Given, challenge: bytes | None) -> Proof | None:
        """None if it is wrong. A recovery code is looked up when it is used up."""
        if given.code is not None:
            return self._totp(factors, given.code)
        if given.recovery_code is not None:
            code = given.recovery_code
            return RecoveryProof([hash_recovery_code(each, user_id, code) for each in self._keyring.secrets])
        if given.credential is None or challenge is None:
            return None
        return self.site.asserted(given.credential, challenge, factors)

    def step_of(self, factor: Factor, code: str) -> int | None:
        """The time step of a TOTP factor's right code."""
        assert factor.sealed_secret is not None
        secret = self.sealer.open(factor.sealed_secret, owner_of(factor.user_id))
        return None if secret is None else self._codes.step_of(secret.decode(), code, factor.last_step)

    async def attempt(self, user_id: int) -> None:
        """Count a guess before it is looked at. Raises a 429 problem."""
        async with self._database.pool() as pool:
            subject = Subject(self._subject(user_id), GUESSES)
            wait_s = await SignInFailureRepository(pool).attempt([subject], datetime.now(UTC))
        if wait_s > 0:
            detail = "too many wrong codes; wait as Retry-After says, or use a security key"
            raise Problem(TOO_MANY_ATTEMPTS, detail, headers={"Retry-After": str(ceil(wait_s))})

    async def succeeded(self, user_id: int) -> None:
        """Forget the user's wrong guesses."""
        async with self._database.pool() as pool:
            await SignInFailureRepository(pool).clear([self._subject(user_id)])

    def _subject(self, user_id: int) -> bytes:
        return derive(self._keyring.current, f"second-factor:{user_id}")

    def _totp(self, factors: Sequence[Factor], code: str) -> TotpProof | None:
        for factor in factors:
            step = self.step_of(factor, code) if factor.sealed_secret is not None else None
            if step is not None:
                return TotpProof(factor.factor_id, step, self._resealed(factor))
        return None

    def _resealed(self, factor: Factor) -> bytes | None:
        """The secret under the current key, if it was sealed under an older one."""
        sealed = factor.sealed_secret
        if sealed is None or self.sealer.is_current(sealed):
            return None
        secret = self.sealer.open(sealed, owner_of(factor.user_id))
        return None if secret is None else self.sealer.seal(secret, owner_of(factor.user_id))
