"""The live statistics' own figures, as Prometheus metrics: all clients together."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class LiveMetrics:
    """In a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.transactions = Gauge(
            "riskstream_live_transactions_per_second", "Decisions a second, last minute", registry=registry
        )
        self.alerts = Gauge("riskstream_live_alerts_per_second", "Alerts a second, last minute", registry=registry)
        self.sampled = Gauge("riskstream_live_sampled_share", "Share of the decisions looked at", registry=registry)
        self.clients = Gauge("riskstream_live_clients", "Clients seen in the last minute", registry=registry)
        self.drift = Gauge(
            "riskstream_drift_psi",
            "Population stability index against the model's training, since yesterday, all clients",
            ["model", "quantity"],
            registry=registry,
        )
        self.vectors = Counter("riskstream_drift_vectors", "Feature vectors looked at for drift", registry=registry)
