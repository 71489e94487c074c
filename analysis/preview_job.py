"""The job of a preview: a sample of an upload or a stored period, through two versions of a strategy."""

from functools import partial
from uuid import UUID

from analysis.child import ChildEnded, Limits, in_child
from analysis.child_work import RowsToPreview, preview_rows
from analysis.job_rows import rows_of, working_folder
from analysis.jobs import Context, Finish, JobFailed
from storage.jobs import Job
from storage.previews import PreviewRepository, note_found

ROWS_MAX = 50_000  # of the sample: two versions of a preset take a few seconds over them
PERIOD_ROWS_MAX = 1_000_000  # of a stored period, which has to be read before a sample of it can be taken
WORKING = "previews"  # beside the clients' folders of uploads, whose names are numbers


def preview(job: Job, context: Context) -> Finish:
    """See `analysis.jobs.Handler`."""
    preview_id = UUID(job.subject)
    asked = context.wait(PreviewRepository(context.pool).get(job.client_id, preview_id))
    if asked is None:
        raise JobFailed("the preview is not there any more")
    request = asked.request
    with working_folder(context.settings.upload_dir / WORKING / job.subject, job.attempts) as folder:
        rows, rows_total = rows_of(request.source, job.client_id, folder, context, PERIOD_ROWS_MAX)
        try:
            found = in_child(
                preview_rows,
                RowsToPreview(rows, rows_total, ROWS_MAX, folder, request.document, request.document_current),
                Limits(context.settings.run_seconds_max, context.settings.job_memory_max),
                progress=context.progress,
                cancelled=context.cancelled,
            )
        except ChildEnded as error:
            raise JobFailed(f"the preview cannot be made: it {error}") from error
    return partial(note_found, client_id=job.client_id, preview_id=preview_id, found=found)
