"""The job of a run: rows from an upload or a stored period, through the strategy, into ranked anomalies.

Everything on the way lies in a folder of this attempt. Nothing is stored before the end, and then in the transaction
that ends the job: a run that is killed and begun again leaves what an undisturbed one leaves.
"""

from functools import partial
from uuid import UUID

from analysis.found import SubjectOf, found_of
from analysis.job_rows import rows_of, working_folder
from analysis.jobs import Context, Finish, JobFailed
from analysis.rows import ParquetRows
from analysis.run import Outcome, analyse
from analysis.stored_period import ROWS_MAX
from analysis.strategy import InvalidStrategy, parsed
from contracts.anomaly import file_row_id
from storage.analysis_runs import RunFound, RunRepository, RunSource, StoredRun, note_found
from storage.anomalies import FoundAnomaly, insert
from storage.database import Connection
from storage.jobs import Job

WORKING = "runs"  # beside the clients' folders of uploads, whose names are numbers


def run(job: Job, context: Context) -> Finish:
    """See `analysis.jobs.Handler`."""
    asked = context.wait(RunRepository(context.pool).get(job.client_id, UUID(job.subject)))
    if asked is None:
        raise JobFailed("the run is not there any more")
    with working_folder(context.settings.upload_dir / WORKING / job.subject, job.attempts) as folder:
        rows = ParquetRows(rows_of(asked.source, job.client_id, folder, context, ROWS_MAX)[0])
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
