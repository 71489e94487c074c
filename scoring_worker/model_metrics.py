"""What a worker counts of the models it runs, and of the vectors it computed: same registry as its other metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class ModelMetrics:
    """Who serves, who runs in shadow, feature skew, and how right the alerts turned out to be."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.refused = Gauge(
            "riskstream_model_refused",
            "1 while the named champion is refused and the old one goes on",
            registry=registry,
        )
        self.challenger = Gauge(
            "riskstream_challenger_info", "The model that runs in shadow", ["version"], registry=registry
        )
        self.shadow_scored = Counter("riskstream_shadow_scored", "Decisions scored in shadow", registry=registry)
        self.shadow_behind = Gauge(
            "riskstream_shadow_behind_records", "Stored records that the shadow has not looked at", registry=registry
        )
        self.compared = Counter(
            "riskstream_feature_compared", "Vectors recomputed by replay, by part", ["part"], registry=registry
        )
        self.incomparable = Counter(
            "riskstream_feature_incomparable",
            "Vectors whose part holds events of several sources, by part",
            ["part"],
            registry=registry,
        )
        self.mismatches = Counter(
            "riskstream_feature_mismatch", "Vectors that replay computed differently", registry=registry
        )
        self.skew_behind = Gauge(
            "riskstream_feature_replay_behind_records", "Stored records that replay has not reached", registry=registry
        )
        self.precision = Gauge(
            "riskstream_model_precision",
            "Share of alerts that turned out to be fraud, of those old enough to be labelled",
            ["version"],
            registry=registry,
        )
        self.precision_expected = Gauge(
            "riskstream_model_precision_expected", "The same in the model's test period", ["version"], registry=registry
        )
        self.precision_alerts = Gauge(
            "riskstream_model_precision_alerts", "Alerts that the precision is of", ["version"], registry=registry
        )
        self.precision_low = Gauge(
            "riskstream_model_precision_low", "1 while it lies below what operators allow", registry=registry
        )
