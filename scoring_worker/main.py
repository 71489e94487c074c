"""The stream worker's process."""

import asyncio
from importlib import import_module

import uvloop

from contracts.imports import without
from error_reports import configure_error_reports
from features.gazetteer import preload
from logs import configure_logs
from settings import load_settings

with without("opentelemetry"):  # redis would import it for measurements that nobody here reads
    from scoring_worker.worker import run_worker


def prepare() -> None:
    """Do what needs no server, while the servers of a stack start: import what serves models, read the gazetteer."""
    import_module("scoring.model")
    preload()


def run() -> None:
    """Score until SIGTERM or SIGINT. Raises RiskstreamError with a sentence for what a person has to mend."""
    settings = load_settings()
    configure_logs(settings, "worker")
    configure_error_reports(settings, "worker")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(settings))
