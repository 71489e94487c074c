"""Requests that carry an Idempotency-Key: who is answering one at this moment, and the answers of the last day."""

from uuid import UUID

import msgspec

from storage.database import Pool, session

KEPT_S = 24 * 3600  # of an answer; a caller that repeats later has forgotten why
TRIED_S = 60  # a request that has no answer by then has lost its gateway; a repeat may try again
FORGOTTEN_A_TIME = 100  # expired rows of the client, deleted with each new one

_FORGET = """
DELETE FROM idempotent_requests WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM idempotent_requests WHERE client_id = $1 AND expires_at <= now() LIMIT $2 FOR UPDATE SKIP LOCKED))
"""
# A new row, or the row of an attempt that was given up or is forgotten; nothing while another one holds.
_BEGIN = """
INSERT INTO idempotent_requests AS r (client_id, actor, key_hash, request_hash, attempt, tried_until, expires_at)
VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6), now() + make_interval(secs => $7))
ON CONFLICT (client_id, actor, key_hash) DO UPDATE SET request_hash = excluded.request_hash,
    attempt = excluded.attempt, tried_until = excluded.tried_until, expires_at = excluded.expires_at,
    status = NULL, headers = NULL, body = NULL
WHERE r.expires_at <= now()
    OR (r.status IS NULL AND r.tried_until <= now() AND r.request_hash = excluded.request_hash)
RETURNING attempt
"""
_FIND = """
SELECT request_hash, status, headers, body FROM idempotent_requests
WHERE client_id = $1 AND actor = $2 AND key_hash = $3
"""
_KEEP = """
UPDATE idempotent_requests SET status = $5, headers = $6, body = $7
WHERE client_id = $1 AND actor = $2 AND key_hash = $3 AND attempt = $4
"""
_GIVE_UP = "DELETE FROM idempotent_requests WHERE client_id = $1 AND actor = $2 AND key_hash = $3 AND attempt = $4"


class RequestKey(msgspec.Struct, frozen=True):
    """Whose key it is; `key_hash` is its SHA-256, `request_hash` that of what was asked under it."""

    client_id: int
    actor: str
    key_hash: bytes
    request_hash: bytes


class KeptAnswer(msgspec.Struct, frozen=True):
    """What a request was answered. `body` is None where it held a secret, which is not kept."""

    status: int
    headers: dict[str, str]
    body: bytes | None


class KeptRequest(msgspec.Struct, frozen=True):
    """A key that is taken: by what, and the answer, None while that is on its way."""

    request_hash: bytes
    answer: KeptAnswer | None


_encode = msgspec.json.Encoder().encode
_headers = msgspec.json.Decoder(dict[str, str])


class IdempotencyRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, key: RequestKey, attempt: UUID) -> KeptRequest | None:
        """Take the key for an attempt: None if it is taken now; else what holds it already."""
        owner = (key.client_id, key.actor, key.key_hash)
        async with session(self._pool) as connection:
            while True:
                await connection.execute(_FORGET, key.client_id, FORGOTTEN_A_TIME)
                if await connection.fetchval(_BEGIN, *owner, key.request_hash, attempt, TRIED_S, KEPT_S):
                    return None
                found = await connection.fetchrow(_FIND, *owner)
                if found is None:
                    continue  # given up in between
                if found["status"] is None:
                    return KeptRequest(found["request_hash"], None)
                answer = KeptAnswer(found["status"], _headers.decode(found["headers"]), found["body"])
                return KeptRequest(found["request_hash"], answer)

    async def keep(self, key: RequestKey, attempt: UUID, answer: KeptAnswer) -> None:
        """Keep the attempt's answer; nothing if another attempt has taken its place."""
        headers = _encode(answer.headers)
        async with session(self._pool) as connection:
            await connection.execute(
                _KEEP, key.client_id, key.actor, key.key_hash, attempt, answer.status, headers, answer.body
            )

    async def give_up(self, key: RequestKey, attempt: UUID) -> None:
        """Free the key: the attempt changed nothing."""
        async with session(self._pool) as connection:
            await connection.execute(_GIVE_UP, key.client_id, key.actor, key.key_hash, attempt)
