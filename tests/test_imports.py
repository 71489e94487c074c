"""What a process does not use it does not load: a start is mostly imports."""

import json
import subprocess
import sys

import pytest

import riskstream_client
from contracts.imports import without

# program -> packages that it has no use for when it starts
UNUSED = {
    "import scoring_worker.main as m; m.prepare()": {"sklearn", "opentelemetry", "httpx", "websockets", "pandas"},
    "import api.main as m; m.prepare(scoring=True)": {"sklearn", "pandas", "matplotlib"},
    "import analysis.worker": {"sklearn", "numba", "xgboost", "opentelemetry", "pandas"},
    "import scoring_worker.live_statistics.main": {"sklearn", "numba", "xgboost", "opentelemetry"},
    "import devstack.up": {"numpy", "fastapi", "xgboost", "aiokafka"},
    "import riskstream": {"numpy", "pydantic", "rich.console", "asyncpg", "redis"},
}


@pytest.mark.parametrize("program", UNUSED)
def test_a_start_loads_only_what_it_uses(program: str) -> None:
    listed = f"{program}\nimport json, sys\nprint(json.dumps([name for name, m in sys.modules.items() if m]))"
    done = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True)
    assert UNUSED[program].isdisjoint(json.loads(done.stdout.splitlines()[-1]))


def test_the_client_gives_every_name_and_no_other() -> None:
    for name in riskstream_client.__all__:
        assert getattr(riskstream_client, name).__name__ in (name, "Transaction", "Label")
    assert set(riskstream_client.__all__) <= set(dir(riskstream_client))
    with pytest.raises(AttributeError, match="no attribute 'NoSuchThing'"):
        riskstream_client.NoSuchThing  # noqa: B018


def test_a_companion_is_hidden_from_the_first_import_only() -> None:
    sys.modules.pop("wave", None)
    with without("wave", "json"):
        with pytest.raises(ImportError):
            import wave
        assert json is sys.modules["json"], "what is imported already stays"
    import wave

    assert wave.open
