"""What a row of an uploaded file is called where a transaction's id is asked for: in alerts, labels and feedback."""

import re
from uuid import UUID

_ROW = re.compile(r"upload/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/\d{1,19}")


def file_row_id(upload_id: UUID, row: int) -> str:
    """The id of a row, which no other row has: `upload/<upload id>/<row>`."""
    return f"upload/{upload_id}/{row}"


def is_file_row_id(transaction_id: str) -> bool:
    """Whether this is the name of a file's row: nothing was streamed or decided under it."""
    return transaction_id.startswith("upload/") and _ROW.fullmatch(transaction_id) is not None
