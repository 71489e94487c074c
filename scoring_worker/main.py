"""The stream worker's process."""

import asyncio

import uvloop

from error_reports import configure_error_reports
from logs import configure_logs
from scoring_worker.worker import run_worker
from settings import load_settings


def run() -> None:
    """Score until SIGTERM or SIGINT. Raises RiskstreamError with a sentence for what a person has to mend."""
    settings = load_settings()
    configure_logs(settings, "worker")
    configure_error_reports(settings, "worker")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(settings))
