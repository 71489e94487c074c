"""The job of a run: rows from an upload or a stored period, through the strategy, into ranked anomalies.

Everything on the way lies in a folder of this attempt. Nothing is stored before the end, and then in the transaction
that ends the job: a run that is killed and begun again leaves what an undisturbed one leaves.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

from analysis.found import SubjectOf, found_of
from analysis.jobs import Context, Finish, JobFailed
from analysis.rows import ParquetRows
from analysis.run import Outcome, analyse
from analysis.stored_period import ROWS_MAX, TooManyRows, extract
from analysis.strategy import InvalidStrategy, parsed
from analysis.upload_folder import rows_path
from contracts.anomaly import file_row_id
from storage.analysis_runs import RunFound, RunRepository, RunSource, StoredRun, note_found
from storage.anomalies import FoundAnomaly, insert
from storage.database import Connection
from storage.jobs import Job
from storage.period_rows import PeriodRepository

WORKING = "runs"  # beside the clients' folders of uploads, whose names are numbers


def run(job: Job, context: Context) -> Finish:
    """See `analysis.jobs.Handler`."""
    asked = context.wait(RunRepository(context.pool).get(job.client_id, UUID(job.subject)))
    if asked is None:
        raise JobFailed("the run is not there any more")
    with _folder(context.settings.upload_dir / WORKING / job.subject, job.attempts) as folder:
        rows = ParquetRows(_rows_of(asked, job.client_id, folder, context))
        try:
            outcome = analyse(
                rows, parsed(asked.strategy), progress=context.progress, cancelled=context.cancelled, folder=folder
            )
        except InvalidStrategy as error:
            raise JobFailed(f"the strategy: {error}") from error
        found = list(found_of(outcome, rows, _subject_of(asked.source)))
    context.progress("store", 0, len(found))
    return partial(_store, client_id=job.client_id, run=asked, outcome=outcome, found=found)


def _subject_of(source: RunSource) -> SubjectOf:
    """What an anomaly is called in alerts and feedback."""
    upload_id = source.upload_id
    if upload_id is None:
        return lambda _row, record: str(record["transaction_id"])
    return lambda row, _record: file_row_id(upload_id, row)


async def _store(
    connection: Connection, *, client_id: int, run: StoredRun, outcome: Outcome, found: list[FoundAnomaly]
) -> None:
    await insert(connection, client_id, run.run_id, found, stored=run.source.upload_id is None)
    in_short = RunFound(rows=outcome.rows, flagged=outcome.flagged, kept=len(found), judged=outcome.judged)
    await note_found(connection, client_id, run.run_id, in_short)


def _rows_of(asked: StoredRun, client_id: int, folder: Path, context: Context) -> Path:
    path, source = folder / "rows.parquet", asked.source
    if source.upload_id is not None:
        _take(rows_path(context.settings.upload_dir, client_id, source.upload_id), path)
        return path
    assert source.from_ms is not None
    assert source.to_ms is not None
    try:
        extract(
            PeriodRepository(context.pool),
            client_id,
            (source.from_ms, source.to_ms),
            path,
            context.settings.currency_default,
            wait=context.wait,
            progress=context.progress,
            cancelled=context.cancelled,
        )
    except TooManyRows as error:
        raise JobFailed(f"the period holds more than {ROWS_MAX:,} payments; take a shorter one") from error
    return path


def _take(rows: Path, path: Path) -> None:
    """Both passes must see the same rows, whatever becomes of the upload meanwhile: a second name for the file."""
    try:
        try:
            os.link(rows, path)
        except FileNotFoundError:
            raise
        except OSError:  # another file system, or one without links
            shutil.copyfile(rows, path)
    except FileNotFoundError as error:
        raise JobFailed("the upload's rows are not there: it was deleted, or is being read anew") from error


@contextmanager
def _folder(of_run: Path, attempt: int) -> Iterator[Path]:
    """A folder for this attempt; what an attempt that was killed left behind goes first, and all of it at the end."""
    shutil.rmtree(of_run, ignore_errors=True)
    folder = of_run / str(attempt)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(of_run, ignore_errors=True)
