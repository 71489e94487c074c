"""Every /metrics page: by promtool, Prometheus' own linter, where it is installed, and by checks of our own always.

`promtool` comes with Prometheus (Debian: the package prometheus); PROMTOOL names one that is not on the PATH.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

import api.metrics
from analysis.metrics import AnalysisMetrics
from scoring_worker.live_statistics.metrics import LiveMetrics
from scoring_worker.metrics import WorkerMetrics
from tests.judges.suites import Verdicts

NOT_BASE = ("_ms", "_milliseconds", "_minutes", "_hours", "_kilobytes", "_percent")
PLACES = {
    "stream worker": lambda: WorkerMetrics().registry,
    "analysis worker": lambda: AnalysisMetrics().registry,
    "live statistics": lambda: LiveMetrics().registry,
    "gateway": lambda: REGISTRY,
}
EACH = pytest.mark.parametrize("place", PLACES)


def collectors(registry: CollectorRegistry) -> Iterator[MetricWrapperBase]:
    for collector in dict.fromkeys(registry._collector_to_names):
        if isinstance(collector, MetricWrapperBase):
            yield collector


def page(place: str) -> str:
    """The exposition with a series of every metric: those with labels have none before something happens."""
    registry = PLACES[place]()
    labelled = [collector for collector in collectors(registry) if collector._labelnames]
    for collector in labelled:
        collector.labels(*("x" for _ in collector._labelnames))
    text = generate_latest(registry).decode()
    for collector in labelled:
        collector.remove(*("x" for _ in collector._labelnames))  # the gateway's registry is the process's own
    return text


@EACH
def test_names_help_and_units(place: str) -> None:
    families = list(text_string_to_metric_families(page(place)))
    assert families
    names = [family.name for family in families]
    assert len(set(names)) == len(names)
    for family in families:
        if family.name.startswith(("python_", "process_")):
            continue
        assert family.name.startswith("riskstream_"), family.name
        assert len(family.documentation.split()) > 1, family.name
        assert not family.name.endswith(NOT_BASE), family.name
        assert family.samples, family.name
        if family.type != "counter":
            assert not family.name.endswith(("_total", "_count", "_sum", "_bucket")), family.name
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_records", "_bytes")), family.name


def test_what_is_checked_is_all_there_is() -> None:
    """A registry that is made somewhere else would be looked at by nobody."""
    root = Path(api.metrics.__file__).parents[1]
    makers = ("from prometheus_client import", "import prometheus_client")
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if not {"tests", ".venv", "bench", "build"} & set(path.relative_to(root).parts)
        and any(maker in path.read_text("utf-8") for maker in makers)
    }
    assert found == {
        "api/metrics.py", "analysis/metrics.py", "scoring_worker/metrics.py", "scoring_worker/model_metrics.py",
        "scoring_worker/live_statistics/metrics.py", "scoring_worker/monitor.py", "monitor.py",
    }  # fmt: skip


def promtool() -> str:
    found = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if not found:
        pytest.skip("promtool is not here: install Prometheus, or name it with PROMTOOL")
    return found


@EACH
def test_promtool_finds_nothing(place: str) -> None:
    text = page(place)
    found = subprocess.run(
        [promtool(), "check", "metrics"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    complaints = [line for line in (found.stdout + found.stderr).splitlines() if line.strip()]
    verdicts = Verdicts("promtool", place)
    for family in text_string_to_metric_families(text):
        if not family.name.startswith("riskstream_"):
            continue  # the library's own, of the process and of Python
        about = [line for line in complaints if line.startswith(family.name)]
        verdicts.judge(family.name, not about, about)
    assert bool(found.returncode) == bool(verdicts.differing), complaints
    verdicts.check()


def test_promtool_looks() -> None:
    bad = "# TYPE a_ms gauge\na_ms 1\n"
    found = subprocess.run(
        [promtool(), "check", "metrics"], input=bad, capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode != 0
    assert "a_ms" in found.stdout + found.stderr
