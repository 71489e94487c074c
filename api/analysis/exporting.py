"""A run's results as a file: built page by page beside the event loop, then sent, then deleted."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.parts import Parts
from api.problems import BUSY, RETRY_AFTER_S, Problem
from storage.anomalies import AnomalyFilter, AnomalyRepository, StoredAnomaly
from storage.rows import readable

if TYPE_CHECKING:
    from analysis.results_file import Format

PAGE = 5_000  # anomalies a query; some tens of milliseconds each
AT_ONCE_MAX = 2  # of one gateway process: each takes a thread, and a file of up to some tens of megabytes

FormatName = Literal["csv", "parquet", "xlsx"]
# What `analysis.results_file` says, which brings pyarrow along: a gateway loads that for its first export.
MEDIA_TYPES: dict[str, str] = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}, "example": "rank,score,row"}
            for media in MEDIA_TYPES.values()
        },
    }
}
_slots = asyncio.Semaphore(AT_ONCE_MAX)


async def export(parts: Parts, client_id: int, run_id: UUID, wanted: AnomalyFilter, form: FormatName) -> FileResponse:
    """The anomalies that pass, in their order. Raises a 503 problem if others are being exported, StoreUnavailable."""
    if _slots.locked():
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise Problem(BUSY, f"{AT_ONCE_MAX} exports are being made; try again in a moment", headers=headers)
    async with _slots:
        path = Path(tempfile.mkstemp(prefix="riskstream-export-")[1])
        try:
            await _write(path, form, _pages(parts, client_id, run_id, wanted))
        except BaseException:
            await asyncio.shield(asyncio.to_thread(path.unlink, missing_ok=True))
            raise
    return FileResponse(
        path,
        media_type=MEDIA_TYPES[form],
        filename=f"anomalies-{run_id}.{form}",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


async def _pages(
    parts: Parts, client_id: int, run_id: UUID, wanted: AnomalyFilter
) -> AsyncIterator[list[StoredAnomaly]]:
    rank = 0
    while True:
        async with parts.database.client(client_id) as pool:  # its deadline is for one page
            found = await AnomalyRepository(pool).page(client_id, run_id, wanted, after_rank=rank, limit=PAGE)
        if rows := readable(found):
            yield rows
        if len(found) < PAGE:
            return
        rank = found[-1].rank


async def _write(path: Path, form: FormatName, pages: AsyncIterator[list[StoredAnomaly]]) -> None:
    module = await asyncio.to_thread(import_module, "analysis.results_file")
    wanted: Format = module.Format(form)
    with module.ResultsFile(path, wanted) as file:
        async for page in pages:
            await asyncio.to_thread(file.write, page)
