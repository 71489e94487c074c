"""Failed sign-ins, counted by subject (an account, an address, both), so that every gateway knows of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from storage.database import Pool, session

FORGOTTEN_AFTER = timedelta(hours=1)  # without a failure; then a subject begins anew
DOUBLINGS_MAX = 20  # keeps the wait a finite number
DELETED_A_TIME = 100  # subjects that are forgotten, deleted at each attempt, so that the table stays small

_FORGET = """
DELETE FROM sign_in_failures WHERE subject IN (
    SELECT subject FROM sign_in_failures WHERE failed_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
_ENSURE = """
INSERT INTO sign_in_failures (subject, failures, failed_at, blocked_until)
SELECT subject, 0, $2, $2 FROM unnest($1::bytea[]) AS given (subject) ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT subject, failures, failed_at, blocked_until FROM sign_in_failures WHERE subject = ANY ($1::bytea[])
ORDER BY subject FOR UPDATE
"""
_COUNT = "UPDATE sign_in_failures SET failures = $2, failed_at = $3, blocked_until = $4 WHERE subject = $1"
_FORGIVE = """
UPDATE sign_in_failures SET failures = GREATEST(failures - 1, 0), blocked_until = LEAST(blocked_until, $2)
WHERE subject = ANY ($1::bytea[])
"""
_CLEAR = "DELETE FROM sign_in_failures WHERE subject = ANY ($1::bytea[])"


class BackOff(msgspec.Struct, frozen=True):
    """How long a subject waits: nothing for `free` failures, then `first_s`, doubled by each further one."""

    free: int
    first_s: float
    longest_s: float

    def wait_s(self, failures: int) -> float:
        if failures <= self.free:
            return 0.0
        doublings = min(failures - self.free - 1, DOUBLINGS_MAX)
        return float(min(self.longest_s, self.first_s * 2**doublings))


class Subject(msgspec.Struct, frozen=True):
    """Whose failures are counted, by an HMAC."""

    subject: bytes
    back_off: BackOff


class SignInFailureRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def attempt(self, subjects: Sequence[Subject], now: datetime) -> float:
        """Count an attempt as failed before it is made; returns 0, or the seconds to wait, and then counts nothing.

        Before, because of a hundred attempts at the same moment no more than the free ones may be made.
        """
        rules = {subject.subject: subject.back_off for subject in subjects}
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_FORGET, now - FORGOTTEN_AFTER, DELETED_A_TIME)
            await connection.execute(_ENSURE, sorted(rules), now)
            rows = await connection.fetch(_LOCK, list(rules))
            # Who failed no more than the free times is not blocked, whoever's clock is a little ahead.
            waits = (
                (row["blocked_until"] - now).total_seconds()
                for row in rows
                if rules[row["subject"]].wait_s(row["failures"]) > 0
            )
            wait_s: float = max(waits, default=0.0)
            if wait_s > 0:
                return wait_s
            for row in rows:
                failures = 1 if row["failed_at"] < now - FORGOTTEN_AFTER else row["failures"] + 1
                wait = timedelta(seconds=rules[row["subject"]].wait_s(failures))
                await connection.execute(_COUNT, row["subject"], failures, now, now + wait)
            return 0.0

    async def forgive(self, subjects: Sequence[bytes], now: datetime) -> None:
        """Take one counted attempt back: it succeeded."""
        async with session(self._pool) as connection:
            await connection.execute(_FORGIVE, sorted(subjects), now)

    async def clear(self, subjects: Sequence[bytes]) -> None:
        """Forget what was counted."""
        async with session(self._pool) as connection:
            await connection.execute(_CLEAR, sorted(subjects))
