"""Where an uploaded file and what was made of it lie: UPLOAD_DIR/<client>/<upload>/, written whole or not at all."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

ORIGINAL = "original"
ROWS = "rows.parquet"
REJECTS = "rejects.parquet"


def upload_folder(root: Path, client_id: int, upload_id: UUID) -> Path:
    return root / str(client_id) / str(upload_id)


def original_path(root: Path, client_id: int, upload_id: UUID) -> Path:
    """The file as it came, byte for byte."""
    return upload_folder(root, client_id, upload_id) / ORIGINAL


def rows_path(root: Path, client_id: int, upload_id: UUID) -> Path:
    """Its usable rows, in `analysis.rows.SCHEMA`; there once the upload is `parsed`."""
    return upload_folder(root, client_id, upload_id) / ROWS


def rejects_path(root: Path, client_id: int, upload_id: UUID) -> Path:
    """Its other rows, in `analysis.extract.rejects.SCHEMA`; there when `rows_path` is."""
    return upload_folder(root, client_id, upload_id) / REJECTS


def remove(root: Path, client_id: int, upload_id: UUID) -> None:
    """All of it; what is gone already is no error."""
    shutil.rmtree(upload_folder(root, client_id, upload_id), ignore_errors=True)


def folders(root: Path) -> Iterator[tuple[int, UUID, float]]:
    """Every upload that has a folder: its client, its id, and when the folder changed last (seconds since 1970)."""
    for client in sorted(root.iterdir()) if root.is_dir() else ():
        if not client.name.isdigit():
            continue
        for folder in sorted(client.iterdir()):
            try:
                yield int(client.name), UUID(folder.name), folder.stat().st_mtime
            except (ValueError, FileNotFoundError):
                continue  # not ours, or just removed
