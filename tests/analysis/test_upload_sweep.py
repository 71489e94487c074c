"""What is too old goes, and what a dead gateway left; on the real Postgres and a real disk."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from analysis.upload_folder import folders, original_path, upload_folder
from analysis.upload_sweep import ARRIVING_S, sweep_uploads
from storage.audit import AuditEntry, AuditFilter, AuditRepository
from storage.database import connect, session
from storage.uploads import NewUpload, UploadRepository, add


def folder_of(root: Path, age_s: float) -> UUID:
    upload_id = uuid4()
    folder = upload_folder(root, 1, upload_id)
    folder.mkdir(parents=True)
    original_path(root, 1, upload_id).write_bytes(b"amount\n1\n")
    then = datetime.now(UTC).timestamp() - age_s
    os.utime(folder, (then, then))
    return upload_id


async def test_old_uploads_and_stray_folders_go(database_url: str, tmp_path: Path) -> None:
    known, stray, arriving = folder_of(tmp_path, 0), folder_of(tmp_path, ARRIVING_S + 60), folder_of(tmp_path, 60)
    (tmp_path / "runs" / str(uuid4())).mkdir(parents=True)  # another's
    now = datetime.now(UTC)
    async with await connect(database_url) as pool:
        new = NewUpload(
            upload_id=known, client_id=1, file_name="a.csv", size_bytes=9, sha256=bytes(32), created_by="user:1"
        )
        entry = AuditEntry(client_id=1, actor="user:1", action="upload.added", subject=f"upload:{known}")
        async with session(pool) as connection, connection.transaction():
            await add(connection, new, 1000, entry)

        assert await sweep_uploads(pool, tmp_path, 30, now) == (0, 1)
        assert {upload_id for _, upload_id, _ in folders(tmp_path)} == {known, arriving}
        assert stray not in {upload_id for _, upload_id, _ in folders(tmp_path)}

        assert await sweep_uploads(pool, tmp_path, 30, now + timedelta(days=31)) == (1, 1)
        assert list(folders(tmp_path)) == []
        assert await UploadRepository(pool).get(1, known) is None
        told = await AuditRepository(pool).page(1, AuditFilter(action="upload.deleted"))
    assert [entry.subject for entry in told] == [f"upload:{known}"]
    assert (tmp_path / "runs").is_dir()
