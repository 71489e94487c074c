"""The job of a run: rows from an upload or a stored period, through the strategy, into ranked anomalies.

Everything on the way lies in a folder of this attempt. Nothing is stored before the end, and then in the transaction
that ends the job: a run that is killed and begun again leaves what an undisturbed one leaves.
"""

from functools import partial
from uuid import UUID

from analysis.child import ChildEnded, Limits, in_child
from analysis.child_work import RowsAnalysed, RowsToAnalyse, analyse_rows
from analysis.job_rows import rows_of, working_folder
from analysis.jobs import Context, Finish, JobFailed
from analysis.stored_period import ROWS_MAX
from storage.analysis_runs import RunFound, RunRepository, StoredRun, note_found
from storage.anomalies import insert
from storage.database import Connection
from storage.jobs import Job

WORKING = "runs"  # beside the clients' folders of uploads, whose names are numbers


def run(job: Job, context: Context) -> Finish:
    """See `analysis.jobs.Handler`."""
    asked = context.wait(RunRepository(context.pool).get(job.client_id, UUID(job.subject)))
    if asked is None:
        raise JobFailed("the run is not there any more")
    with working_folder(context.settings.upload_dir / WORKING / job.subject, job.attempts) as folder:
        rows, _ = rows_of(asked.source, job.client_id, folder, context, ROWS_MAX)
        settings = context.settings
        try:
            outcome = in_child(
                analyse_rows,
                RowsToAnalyse(rows, folder, asked.strategy, asked.source.upload_id),
                Limits(settings.run_seconds_max, settings.job_memory_max),
                progress=context.progress,
                cancelled=context.cancelled,
            )
        except ChildEnded as error:
            raise JobFailed(f"the run cannot be done: it {error}") from error
    context.progress("store", 0, len(outcome.found))
    return partial(_store, client_id=job.client_id, run=asked, outcome=outcome)


async def _store(connection: Connection, *, client_id: int, run: StoredRun, outcome: RowsAnalysed) -> None:
    found = outcome.found
    await insert(connection, client_id, run.run_id, found, stored=run.source.upload_id is None)
    in_short = RunFound(rows=outcome.rows, flagged=outcome.flagged, kept=len(found), judged=outcome.judged)
    await note_found(connection, client_id, run.run_id, in_short)
