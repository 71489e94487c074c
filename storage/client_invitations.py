"""Invitations to register a client, which the operator makes: one-time tokens for an email address and a tier."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.database import Connection, Pool, session

_INSERT = """
INSERT INTO client_invitations (token_hash, email, email_key, tier, expires_at) VALUES ($1, $2, $3, $4, $5)
"""
_IS_OPEN = "used_at IS NULL AND expires_at > now()"
_FIND = f"SELECT email_key, tier FROM client_invitations WHERE token_hash = ANY ($1::bytea[]) AND {_IS_OPEN}"  # noqa: S608 - constants
_USE = f"""
UPDATE client_invitations SET used_at = now() WHERE token_hash = ANY ($1::bytea[]) AND {_IS_OPEN} RETURNING tier
"""  # noqa: S608


class ClientInvitation(msgspec.Struct, frozen=True):
    """Who may register, by the address in its unique form, and with which tier."""

    email_key: str
    tier: str


class ClientInvitationRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, token_hash: bytes, email: str, email_key: str, tier: str, expires_at: datetime) -> None:
        async with session(self._pool) as connection:
            await connection.execute(_INSERT, token_hash, email, email_key, tier, expires_at)

    async def find(self, token_hashes: Sequence[bytes]) -> ClientInvitation | None:
        """Return the invitation of a token, unless it is used or expired."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_FIND, list(token_hashes))
        return ClientInvitation(**dict(found)) if found else None


async def use_client_invitation(connection: Connection, token_hashes: Sequence[bytes]) -> bool:
    """Use an invitation up in the caller's transaction; False if it is not open any more."""
    return await connection.fetchval(_USE, list(token_hashes)) is not None
