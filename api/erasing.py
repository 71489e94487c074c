"""Erase one account: its rows, its state, the files that hold it; what Kafka keeps is noted for `riskstream retain`."""

import asyncio
from typing import NamedTuple
from uuid import UUID

import structlog
from redis.asyncio import Redis

from analysis.upload_folder import remove
from contracts.errors import StateUnavailable
from features.events import entity_key
from features.plan import Entity
from features.redis_store.forget import forget_entities
from settings import Settings
from storage import erasure
from storage.audit import AuditEntry
from storage.database import Connection, Pool, session
from storage.uploads import delete, is_analysed, upload_ids

log = structlog.get_logger()


class UploadInUse(Exception):
    """A run reads a file that holds the account; nothing was erased."""


class Erasure(NamedTuple):
    """What was erased. `state_done` is False where Redis did not answer; `riskstream retain` repeats that."""

    erasure_id: UUID
    pseudonym: str
    counts: dict[str, int]
    state_done: bool


async def erase_account(
    pool: Pool, redis: Redis, settings: Settings, account: str, actor: tuple[int, str, str]
) -> Erasure | None:
    """Return what was erased, or None if nothing is stored about the account.

    `actor`: the client, who asks, and the request's id. Raises UploadInUse, StoreUnavailable.
    """
    client_id, name, request_id = actor
    async with session(pool) as connection:
        uploads = await _holding(settings, connection, client_id, account)
    async with session(pool) as connection, connection.transaction():
        for upload_id in uploads:
            if await is_analysed(connection, client_id, upload_id):
                raise UploadInUse
            await delete(connection, client_id, upload_id)
        erased = await erasure.erase(connection, account)
        if erased.is_empty and not uploads:
            return None
        counts = erased.counts | {"uploads": len(uploads)}
        keys = _state_keys(client_id, account, erased)
        subject = f"erasure:{erased.erasure_id}"
        entry = AuditEntry(
            client_id=client_id, actor=name, action="account.erased", subject=subject, detail=dict(counts),
            request_id=request_id,
        )  # fmt: skip
        await erasure.note(connection, erased, keys, counts, entry)
    for upload_id in uploads:
        await asyncio.to_thread(remove, settings.upload_dir, client_id, upload_id)
    done = await _forgotten(pool, redis, settings, erased.erasure_id, keys)
    return Erasure(erased.erasure_id, erased.pseudonym, counts, done)


async def _holding(settings: Settings, connection: Connection, client_id: int, account: str) -> list[UUID]:
    found = await upload_ids(connection, client_id)
    if not found:
        return []
    from analysis.upload_search import holds  # brings pyarrow along, which scoring does not need

    return [
        upload_id
        for upload_id in found
        if await asyncio.to_thread(holds, settings.upload_dir, client_id, upload_id, account)
    ]


async def _forgotten(pool: Pool, redis: Redis, settings: Settings, erasure_id: UUID, keys: list[bytes]) -> bool:
    try:
        await forget_entities(redis, settings.redis_key_prefix, keys)
    except StateUnavailable as error:
        log.warning("erasure_waits_for_state", erasure_id=str(erasure_id), reason=str(error))
        return False
    await erasure.state_done(pool, erasure_id)
    return True


def _state_keys(client_id: int, account: str, erased: erasure.Erased) -> list[bytes]:
    """The account's state, and those of what nobody else uses."""
    wanted = [(Entity.ACCOUNT, account)]
    wanted += [(Entity.DEVICE, each) for each in erased.devices]
    wanted += [(Entity.IP, each) for each in erased.addresses]
    wanted += [(Entity.BENEFICIARY, each) for each in erased.payees]
    return [entity_key(kind, client_id, identifier)[0] for kind, identifier in wanted]
