"""The job behind an upload: its file to rows and rejects.

Each attempt writes into a folder of its own. The files get to their place within the transaction that ends the job,
behind the check of its lease, so that an attempt that another one has overtaken leaves nothing behind.
"""

import os
import shutil
from pathlib import Path
from uuid import UUID, uuid4

from pydantic import ValidationError

from analysis.child import ChildEnded, Limits, in_child
from analysis.child_work import FileToRead, read_file
from analysis.extract.card_data import without_card_numbers
from analysis.extract.extract import Extracted, NeedsConfirmation, NotReadable
from analysis.extract.parts import FileRefused
from analysis.extract.reading import Mapping, Reading, Wanted
from analysis.jobs import Context, Finish
from analysis.upload_folder import original_path, rejects_path, rows_path, upload_folder
from contracts.card_numbers import cleaned_text
from storage.clients import ClientRepository
from storage.database import Connection
from storage.jobs import Job
from storage.uploads import StoredUpload, UploadRepository, keep_mapping, parsed, refused

WORKING = "work-"
# What reading may take: a hundred times what good files take on a machine that does nothing else.
SECONDS_MIN = 30.0
SECONDS_PER_BYTE = 10 / 1e6


def parse(job: Job, context: Context) -> Finish | None:
    """Read the upload that the job is about; what cannot be used is told in its row. Raises Cancelled."""
    upload = context.wait(UploadRepository(context.pool).get(job.client_id, UUID(job.subject)))
    if upload is None:
        return None  # deleted meanwhile
    root = context.settings.upload_dir
    folder = upload_folder(root, upload.client_id, upload.upload_id)
    for left in folder.glob(f"{WORKING}*"):  # by an attempt that was killed
        shutil.rmtree(left, ignore_errors=True)
    working = folder / f"{WORKING}{uuid4().hex}"
    try:
        working.mkdir()
        path = original_path(root, upload.client_id, upload.upload_id)
        found = in_child(
            read_file,
            FileToRead(
                path,
                upload.file_name,
                working,
                _wanted(upload),
                _time_zone(upload, context),
                context.settings.card_key_of_files,
            ),
            limits_of(path.stat().st_size, context),
            progress=context.progress,
            cancelled=context.cancelled,
            answer=lambda layout_id: _kept(upload, layout_id, context),
        )
    except NotReadable as error:
        return _refusal(root, working, upload, str(error), error.reading, asks=isinstance(error, NeedsConfirmation))
    except FileRefused as error:
        return _refusal(root, working, upload, str(error), None)
    except ChildEnded as error:
        return _refusal(root, working, upload, f"the file cannot be read: reading it {error}", None)
    except FileNotFoundError:
        return _refusal(root, working, upload, "the file is not there any more; upload it again", None)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise
    return _success(root, working, upload, found, job.created_by)


def _wanted(upload: StoredUpload) -> Wanted | None:
    """Raises FileRefused for one that was stored when less was checked."""
    if upload.wanted is None:
        return None
    try:
        return Wanted.model_validate(upload.wanted)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FileRefused(f"the file cannot be read in the way that was asked for: {where}: {first['msg']}") from error


def limits_of(size_bytes: int, context: Context) -> Limits:
    """What reading a file of this size may take."""
    settings = context.settings
    seconds = min(SECONDS_MIN + size_bytes * SECONDS_PER_BYTE, settings.parse_seconds_max)
    return Limits(seconds, settings.job_memory_max)


def _time_zone(upload: StoredUpload, context: Context) -> str:
    client = context.wait(ClientRepository(context.pool).all()).get(upload.client_id)
    return client.time_zone if client else "UTC"


def _kept(upload: StoredUpload, layout_id: str, context: Context) -> Mapping | None:
    """The client's own mapping for such files."""
    found = context.wait(UploadRepository(context.pool).kept_mapping(upload.client_id, layout_id))
    try:
        return Mapping.model_validate(found) if found is not None else None
    except ValidationError:  # kept when less was checked: guessed again
        return None


def _success(root: Path, working: Path, upload: StoredUpload, found: Extracted, actor: str) -> Finish:
    reading = without_card_numbers(found.reading.model_dump(mode="json"))
    outcome = {
        "accounting": found.accounting.model_dump(mode="json"),
        "balance": found.balance.model_dump(mode="json") if found.balance is not None else None,
    }
    client_id, upload_id = upload.client_id, upload.upload_id

    async def store(connection: Connection) -> None:
        try:
            stands = await parsed(
                connection, client_id, upload_id, upload.revision, reading=reading, rows=found.rows,
                rejected=found.rejected, outcome=outcome,
            )  # fmt: skip
            if stands:
                os.replace(working / "rows.parquet", rows_path(root, client_id, upload_id))
                os.replace(working / "rejects.parquet", rejects_path(root, client_id, upload_id))
                if found.reading.origin == "given" and (upload.wanted or {}).get("keep"):
                    await keep_mapping(connection, client_id, found.reading.layout_id, reading["mapping"], actor)
        finally:
            shutil.rmtree(working, ignore_errors=True)

    return store


def _refusal(
    root: Path, working: Path, upload: StoredUpload, problem: str, reading: Reading | None, *, asks: bool = False
) -> Finish:
    shutil.rmtree(working, ignore_errors=True)
    client_id, upload_id = upload.client_id, upload.upload_id
    shown = without_card_numbers(reading.model_dump(mode="json")) if reading is not None else None
    problem = cleaned_text(problem)[0]

    async def store(connection: Connection) -> None:
        if await refused(connection, client_id, upload_id, upload.revision, problem, shown, asks=asks):
            for path in (rows_path(root, client_id, upload_id), rejects_path(root, client_id, upload_id)):
                path.unlink(missing_ok=True)  # of an earlier reading

    return store
