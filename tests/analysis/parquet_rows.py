"""An upload that holds payments of some accounts, as it lies there when it was read."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from analysis.rows import RowWriter
from analysis.upload_folder import original_path, rows_path
from storage.audit import AuditEntry
from storage.database import session
from storage.uploads import NewUpload, add, parsed


async def write_upload(pool: Any, folder: Path, accounts: list[str], client_id: int = 1) -> UUID:
    """One payment of each account."""
    upload_id = uuid4()
    path = rows_path(folder, client_id, upload_id)
    path.parent.mkdir(parents=True)
    count = len(accounts)
    with RowWriter(path) as writer:
        writer.write({"row": list(range(count)), "account": accounts, "amount_minor": [10_000] * count})
    original_path(folder, client_id, upload_id).write_text("account,amount\n" + "".join(f"{a},1\n" for a in accounts))
    new = NewUpload(
        upload_id=upload_id, client_id=client_id, file_name="rows.csv", size_bytes=1, sha256=upload_id.bytes * 2,
        created_by="user:1",
    )  # fmt: skip
    entry = AuditEntry(client_id=client_id, actor="user:1", action="upload.added", subject=f"upload:{upload_id}")
    async with session(pool) as connection, connection.transaction():
        await add(connection, new, 10**9, entry)
        await parsed(connection, client_id, upload_id, 1, reading={}, rows=count, rejected=0, outcome={})
    return upload_id
