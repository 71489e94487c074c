"""What the gateway measures (Prometheus)."""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # set by `api.main` for several processes

REQUESTS = Counter("riskstream_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "riskstream_http_request_seconds",
    "Time from the request's head to the end of its answer",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
CALLS_LIMIT = Gauge(
    "riskstream_calls_limit", "Scoring calls that may be under way at once", multiprocess_mode="livesum"
)
CALLS_REFUSED = Counter("riskstream_calls_refused_total", "Scoring calls refused at once because of overload")
FEED_SOCKETS = Gauge("riskstream_feed_sockets", "Open feeds", multiprocess_mode="livesum")
FEED_ALERTS = Counter("riskstream_feed_alerts_total", "Alerts taken into the feed", ["source"])
FEED_CLOSED = Counter("riskstream_feed_closed_total", "Feeds that the server closed", ["code"])
FEED_BAD_HINTS = Counter("riskstream_feed_bad_hints_total", "Messages of the alerts topic that are no alert")


def exposition() -> tuple[bytes, str]:
    """The page for Prometheus and its content type; of all gateway processes together if there are several."""
    registry = REGISTRY
    if os.environ.get(MULTIPROCESS_VARIABLE):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
