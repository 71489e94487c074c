"""What a stream worker counts and times, as Prometheus metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from pipeline.durability import Processed
from scoring_worker.model_metrics import ModelMetrics

_BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class WorkerMetrics:
    """One worker's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.decided = Counter("riskstream_decided", "Transactions decided", registry=registry)
        self.alerts = Counter("riskstream_alerts", "Alerts raised", registry=registry)
        self.duplicates = Counter("riskstream_duplicates", "Repeats of a decided transaction", registry=registry)
        self.dead_letters = Counter(
            "riskstream_dead_letters", "Messages sent to the dead-letter topic", registry=registry
        )
        self.labels = Counter("riskstream_labels_counted", "Labels counted into the state", registry=registry)
        self.retries = Counter(
            "riskstream_apply_retries", "Batches decided again because an account moved", registry=registry
        )
        self.repairs = Counter("riskstream_state_repairs", "Comparisons of Redis with Postgres", registry=registry)
        self.failures = Counter("riskstream_failures", "Interrupted batches, by error", ["error"], registry=registry)
        self.batch = Histogram("riskstream_batch_records", "Records a batch", buckets=_BATCH_BUCKETS, registry=registry)
        self.step = Histogram(
            "riskstream_step_seconds", "Time a batch by step", ["step"], buckets=_SECONDS_BUCKETS, registry=registry
        )
        self.latency = Histogram(
            "riskstream_latency_seconds",
            "From the log's append time to the stored decision, oldest record of each batch",
            buckets=_SECONDS_BUCKETS,
            registry=registry,
        )
        self.lag = Gauge("riskstream_lag_records", "Records not yet stored", ["partition"], registry=registry)
        self.model = Gauge("riskstream_model_info", "The model that is served", ["version"], registry=registry)
        self.models = ModelMetrics(registry)

    def observe(self, records: int, latency_s: float, processed: Processed) -> None:
        """Count one finished batch."""
        self.decided.inc(processed.decided)
        self.alerts.inc(processed.alerts)
        self.duplicates.inc(processed.duplicates)
        self.dead_letters.inc(processed.rejected)
        self.labels.inc(processed.labels)
        self.retries.inc(processed.retries)
        self.batch.observe(records)
        self.latency.observe(latency_s)
        for step, seconds in processed.seconds.items():
            self.step.labels(step).observe(seconds)
