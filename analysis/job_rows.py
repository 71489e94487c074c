"""The rows of a job that looks at an upload or a stored period, in a folder of its attempt."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.jobs import Context, JobFailed
from analysis.rows import ParquetRows
from analysis.stored_period import TooManyRows, extract
from analysis.upload_folder import rows_path
from storage.analysis_runs import RunSource
from storage.period_rows import PeriodRepository


def rows_of(source: RunSource, client_id: int, folder: Path, context: Context, rows_max: int) -> tuple[Path, int]:
    """A file of `analysis.rows.SCHEMA` in `folder`, and how many rows it has.

    Raises JobFailed where there are no rows, or a stored period with more than `rows_max`; Cancelled.
    """
    path = folder / "rows.parquet"
    if source.upload_id is not None:
        _take(rows_path(context.settings.upload_dir, client_id, source.upload_id), path)
        return path, ParquetRows(path).count
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
            rows_max=rows_max,
        )
    except TooManyRows as error:
        raise JobFailed(f"the period holds more than {rows_max:,} payments; take a shorter one") from error
    return path, ParquetRows(path).count


@contextmanager
def working_folder(of_job: Path, attempt: int) -> Iterator[Path]:
    """A folder for this attempt; what an attempt that was killed left behind goes first, and all of it at the end."""
    shutil.rmtree(of_job, ignore_errors=True)
    folder = of_job / str(attempt)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(of_job, ignore_errors=True)


def _take(rows: Path, path: Path) -> None:
    """Every pass must see the same rows, whatever becomes of the upload meanwhile: a second name for the file."""
    try:
        try:
            os.link(rows, path)
        except FileNotFoundError:
            raise
        except OSError:  # another file system, or one without links
            shutil.copyfile(rows, path)
    except FileNotFoundError as error:
        raise JobFailed("the upload's rows are not there: it was deleted, or is being read anew") from error
