"""Slows down who guesses passwords, without locking out whose password is guessed.

Failures are counted for an account from one address, for an address, and for an account from anywhere; each waits
longer after each further failure, a minute at most, because others can drive these counts up: a colleague behind the
same address all of them. The last one does not concern addresses from which the account has signed in before, and
none of them devices from which it has (`api.accounts.devices`), which are counted by themselves. Unknown accounts are
counted alike.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from api.accounts.devices import Devices, Origin
from api.database import Database
from api.keyring import Keyring
from api.keys import derive
from api.problems import TOO_MANY_ATTEMPTS, Problem
from storage.sign_in_failures import BackOff, SignInFailureRepository, Subject
from storage.user_sessions import UserSessionRepository

PAIR = BackOff(free=5, first_s=2, longest_s=60)  # a person mistypes; a program does not get far with 5
ADDRESS = BackOff(free=50, first_s=2, longest_s=60)  # an office of many people behind one address
ACCOUNT = BackOff(free=20, first_s=2, longest_s=60)  # many addresses against one account
DEVICE = BackOff(free=5, first_s=2, longest_s=15 * 60)  # only its owner, or its thief, can drive it up


def address_hash(secret_key: str, address: str) -> bytes:
    """What storage keeps of an address: 32 bytes."""
    return derive(secret_key, f"address:{address}")


class Lockout:
    """Counts in Postgres, so that any number of gateways counts together."""

    def __init__(self, database: Database, keyring: Keyring, devices: Devices) -> None:
        self._database = database
        self._keyring = keyring
        self._devices = devices

    async def attempt(self, email_key: str, origin: Origin) -> None:
        """Count an attempt before a password is compared. Raises a 429 problem, or StoreUnavailable."""
        counted = self._counted(email_key, origin)
        subjects = [Subject(subject, back_off) for subject, back_off in counted.all]
        async with self._database.pool() as pool:
            if counted.account is not None:
                known = [address_hash(key, origin.address) for key in self._keyring.secrets]
                if not await UserSessionRepository(pool).knows_address(email_key, known):
                    subjects.append(Subject(counted.account, ACCOUNT))
            wait_s = await SignInFailureRepository(pool).attempt(subjects, datetime.now(UTC))
        if wait_s > 0:
            detail = "too many failed attempts; wait as Retry-After says"
            raise Problem(TOO_MANY_ATTEMPTS, detail, headers={"Retry-After": str(ceil(wait_s))})

    async def undo(self, email_key: str, origin: Origin) -> None:
        """Undo an attempt that never reached password verification."""
        counted = self._counted(email_key, origin)
        subjects = [subject for subject, _ in counted.all]
        if counted.account is not None:
            subjects.append(counted.account)
        async with self._database.pool() as pool:
            await SignInFailureRepository(pool).forgive(subjects, datetime.now(UTC))

    async def succeeded(self, email_key: str, origin: Origin, *, only_account: bool) -> None:
        """Undo an attempt that was no guess; what failed here before is forgotten if the address has one account only.

        Else whoever has an account of the victim's address could wipe out guesses by signing in to it.
        """
        counted = self._counted(email_key, origin)
        async with self._database.pool() as pool:
            failures = SignInFailureRepository(pool)
            if counted.account is not None:
                await failures.forgive([counted.alone, counted.account], datetime.now(UTC))
            if only_account:
                await failures.clear([counted.own])
            else:
                await failures.forgive([counted.own], datetime.now(UTC))

    async def reset(self, email_key: str, origin: Origin) -> None:
        """Forget earlier guesses: the account has a new password."""
        counted = self._counted(email_key, Origin(origin.address))
        assert counted.account is not None
        async with self._database.pool() as pool:
            await SignInFailureRepository(pool).clear([counted.own, counted.account])

    def _counted(self, email_key: str, origin: Origin) -> "_Counted":
        secret = self._keyring.current
        device = self._devices.of(origin.cookies, email_key)
        if device is not None:
            return _Counted(derive(secret, f"device-attempt:{device}"), DEVICE)
        return _Counted(
            derive(secret, f"attempt:{email_key}|{origin.address}"),
            PAIR,
            address_hash(secret, origin.address),
            derive(secret, f"account:{email_key}"),
        )


@dataclass(frozen=True, slots=True)
class _Counted:
    """What an attempt counts for: a known device alone, else the account from here, the address, and the account."""

    own: bytes
    own_back_off: BackOff
    alone: bytes = b""
    account: bytes | None = None

    @property
    def all(self) -> list[tuple[bytes, BackOff]]:
        """All but the account from anywhere, which does not concern addresses that it knows."""
        found = [(self.own, self.own_back_off)]
        return [*found, (self.alone, ADDRESS)] if self.account is not None else found
