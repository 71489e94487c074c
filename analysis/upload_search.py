"""Which uploads hold an account: looked for in their rows, their rejects and the bytes of the file itself."""

import mmap
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.upload_folder import original_path, rejects_path, rows_path


def holds(root: Path, client_id: int, upload_id: UUID, text: str) -> bool:
    """Whether anything that is kept of the upload holds the text. A file that cannot be read is searched as bytes."""
    paths = (rows_path(root, client_id, upload_id), rejects_path(root, client_id, upload_id))
    if any(_rows_hold(path, text) for path in paths if path.exists()):
        return True
    original = original_path(root, client_id, upload_id)
    return original.exists() and original.stat().st_size > 0 and _bytes_hold(original, text)


def _rows_hold(path: Path, text: str) -> bool:
    try:
        with pq.ParquetFile(path) as file:
            return any(
                pc.any(pc.match_substring(column, text)).as_py()
                for batch in file.iter_batches()
                for column in batch.columns
                if pa.types.is_string(column.type)
            )
    except pa.ArrowInvalid:
        return _bytes_hold(path, text)


def _bytes_hold(path: Path, text: str) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        spellings = {text.encode(), text.encode("utf-16-le"), text.encode("cp1252", "ignore")}
        return any(spelled and whole.find(spelled) >= 0 for spelled in spellings)
