"""What an analysis worker counts and times, as Prometheus metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from storage.jobs import JobKind, JobState

_SECONDS_BUCKETS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)


class AnalysisMetrics:
    """One worker's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.jobs = Counter(
            "riskstream_jobs", "Jobs that this worker took, by what became of them", ["kind", "outcome"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "riskstream_job_seconds", "From taking a job to its end", ["kind"], buckets=_SECONDS_BUCKETS,
            registry=self.registry,
        )  # fmt: skip
        self.depth = Gauge(
            "riskstream_jobs_queued", "Jobs of all clients that wait or run", ["kind", "state"], registry=self.registry
        )

    def show_depths(self, depths: dict[tuple[str, str], int]) -> None:
        """`depths` by kind and state; what is not in it is 0."""
        for kind in JobKind:
            for state in (JobState.WAITING, JobState.RUNNING):
                self.depth.labels(kind, state).set(depths.get((kind, state), 0))
