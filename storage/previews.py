"""Previews of strategies: asked for like a run, and forgotten after a day."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

import hashlib
from typing import Any
from uuid import UUID, uuid4

import msgspec

from storage import jobs
from storage.analysis_runs import RunSource
from storage.database import Connection, Pool, session
from storage.jobs import Job, JobKind

KEPT_DAYS = 1
SAME_S = 300  # the same question within it gets the same answer; a stored period may have grown after it

_FORGET = "DELETE FROM strategy_previews WHERE client_id = $1 AND created_at < now() - make_interval(days => $2)"
_SAME = """
SELECT p.preview_id FROM strategy_previews AS p JOIN jobs AS j USING (job_id, client_id)
WHERE p.client_id = $1 AND p.digest = $2 AND p.created_at > now() - make_interval(secs => $3)
    AND j.state IN ('waiting', 'running', 'done')
ORDER BY p.created_at DESC LIMIT 1
"""
_INSERT = """
INSERT INTO strategy_previews (preview_id, client_id, job_id, digest, request) VALUES ($1, $2, $3, $4, $5)
"""
_GET = f"""
SELECT p.preview_id, p.request, p.found, {jobs.COLUMNS}
FROM strategy_previews AS p JOIN jobs AS j USING (job_id, client_id) WHERE p.client_id = $1 AND p.preview_id = $2
"""
_FOUND = "UPDATE strategy_previews SET found = $3 WHERE client_id = $1 AND preview_id = $2"


class PreviewRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to look at, by which document, compared with which.

    `version` None is a document that was not saved; `upload_revision` is the reading of the upload that there was.
    """

    strategy_id: str
    version: int | None
    version_current: int
    document: dict[str, Any]
    document_current: dict[str, Any]
    source: RunSource
    upload_revision: int | None = None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """`found` is there once the job is done; what stands in it is the analysis' business."""

    preview_id: UUID
    request: PreviewRequest
    found: dict[str, Any] | None
    job: Job


_encode = msgspec.json.Encoder(order="sorted").encode
_request = msgspec.json.Decoder(PreviewRequest).decode
_found = msgspec.json.Decoder(dict[str, Any]).decode


class PreviewRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ask(self, client_id: int, request: PreviewRequest, *, created_by: str) -> UUID:
        """The id of the preview, a new one or that of the same question shortly before. Raises TooManyJobs."""
        encoded = _encode(request)
        digest = hashlib.sha256(encoded).digest()
        async with session(self._pool) as connection, connection.transaction():
            same: UUID | None = await connection.fetchval(_SAME, client_id, digest, SAME_S)
            if same is not None:
                return same
            await connection.execute(_FORGET, client_id, KEPT_DAYS)
            preview_id = uuid4()
            job = await jobs.enqueue(connection, client_id, JobKind.PREVIEW, str(preview_id), created_by=created_by)
            await connection.execute(_INSERT, preview_id, client_id, job.job_id, digest, encoded)
            return preview_id

    async def get(self, client_id: int, preview_id: UUID) -> Preview | None:
        """None also for another client's preview."""
        async with session(self._pool) as connection:
            record = await connection.fetchrow(_GET, client_id, preview_id)
        if record is None:
            return None
        columns = dict(record)
        return Preview(
            preview_id=columns.pop("preview_id"),
            request=_request(columns.pop("request")),
            found=_found(found) if (found := columns.pop("found")) is not None else None,
            job=jobs.job_of(columns),
        )


async def note_found(connection: Connection, client_id: int, preview_id: UUID, found: dict[str, Any]) -> None:
    """Keep what a preview found, in the transaction that ends its job."""
    await connection.execute(_FOUND, client_id, preview_id, _encode(found))
