"""Uploads that are too old, and folders without an upload: what a gateway left that died while a file arrived."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from analysis.upload_folder import folders, remove
from storage.audit import AuditEntry, record
from storage.database import Pool, session
from storage.uploads import UploadRepository, delete

ARRIVING_S = 24 * 3600.0  # a folder that changed later may belong to a file that is being received
CHUNK = 500  # folders looked up at once
ACTOR = "retention"


async def sweep_uploads(pool: Pool, root: Path, retention_days: int, now: datetime) -> tuple[int, int]:
    """(uploads deleted because of their age, folders deleted that had no upload). Raises StoreUnavailable.

    Works as the owner of the tables, for every client.
    """
    uploads = UploadRepository(pool)
    aged = 0
    while old := await uploads.old(now - timedelta(days=retention_days)):
        for client_id, upload_id in old:
            entry = AuditEntry(client_id=client_id, actor=ACTOR, action="upload.deleted", subject=f"upload:{upload_id}")
            async with session(pool) as connection, connection.transaction():
                if await delete(connection, client_id, upload_id):
                    await record(connection, entry)
            await asyncio.to_thread(remove, root, client_id, upload_id)
            aged += 1
    stray = 0
    found = [each for each in await asyncio.to_thread(lambda: list(folders(root))) if _is_still(each[2], now)]
    for start in range(0, len(found), CHUNK):
        chunk = found[start : start + CHUNK]
        known = await uploads.known([upload_id for _, upload_id, _ in chunk])
        for client_id, upload_id, _ in chunk:
            if upload_id not in known:
                await asyncio.to_thread(remove, root, client_id, upload_id)
                stray += 1
    return aged, stray


def _is_still(changed_s: float, now: datetime) -> bool:
    return now.timestamp() - changed_s > ARRIVING_S
