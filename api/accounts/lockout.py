"""Slows down who guesses passwords, without locking out whose password is guessed.

Failures are counted for an account from one address, for an address, and for an account from anywhere; each waits
longer after each further failure. The last count, which anybody could drive up for a victim, waits a minute at most,
and does not concern addresses from which the account has signed in before. Unknown accounts are counted alike.
"""

from datetime import UTC, datetime
from math import ceil

from api.database import Database
from api.keyring import Keyring
from api.keys import derive
from api.problems import TOO_MANY_ATTEMPTS, Problem
from storage.sign_in_failures import BackOff, SignInFailureRepository, Subject
from storage.user_sessions import UserSessionRepository

PAIR = BackOff(free=5, first_s=2, longest_s=15 * 60)  # a person mistypes; a program does not get far with 5
ADDRESS = BackOff(free=50, first_s=2, longest_s=15 * 60)  # an office of many people behind one address
ACCOUNT = BackOff(free=20, first_s=2, longest_s=60)  # many addresses against one account


def address_hash(secret_key: str, address: str) -> bytes:
    """What storage keeps of an address: 32 bytes."""
    return derive(secret_key, f"address:{address}")


class Lockout:
    """Counts in Postgres, so that any number of gateways counts together."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def attempt(self, email_key: str, address: str) -> None:
        """Before a password is looked at. Raises a 429 problem, or StoreUnavailable."""
        pair, alone, account = self._subjects(email_key, address)
        subjects = [Subject(pair, PAIR), Subject(alone, ADDRESS)]
        async with self._database.pool() as pool:
            known = [address_hash(key, address) for key in self._keyring.secrets]
            if not await UserSessionRepository(pool).knows_address(email_key, known):
                subjects.append(Subject(account, ACCOUNT))
            wait_s = await SignInFailureRepository(pool).attempt(subjects, datetime.now(UTC))
        if wait_s > 0:
            detail = "too many failed attempts; wait as Retry-After says"
            raise Problem(TOO_MANY_ATTEMPTS, detail, headers={"Retry-After": str(ceil(wait_s))})

    async def not_looked_at(self, email_key: str, address: str) -> None:
        """The password was not looked at after all, so the attempt was none."""
        async with self._database.pool() as pool:
            await SignInFailureRepository(pool).forgive([*self._subjects(email_key, address)], datetime.now(UTC))

    async def succeeded(self, email_key: str, address: str) -> None:
        """The attempt was no guess: the address keeps what it had, and the account from here begins anew."""
        pair, alone, account = self._subjects(email_key, address)
        async with self._database.pool() as pool:
            failures = SignInFailureRepository(pool)
            await failures.forgive([alone, account], datetime.now(UTC))
            await failures.clear([pair])

    async def reset(self, email_key: str, address: str) -> None:
        """The account has a new password, so that earlier guesses say nothing."""
        pair, _, account = self._subjects(email_key, address)
        async with self._database.pool() as pool:
            await SignInFailureRepository(pool).clear([pair, account])

    def _subjects(self, email_key: str, address: str) -> tuple[bytes, bytes, bytes]:
        secret = self._keyring.current
        return (
            derive(secret, f"attempt:{email_key}|{address}"),
            address_hash(secret, address),
            derive(secret, f"account:{email_key}"),
        )
