"""Detectors of other packages: a whole one, installed as anybody would, and some that cannot be used."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.analysis.rows_of import DAY_MS, MONDAY_MS, habits, written

ROOT = Path(__file__).parents[2]
PACKAGE = Path(__file__).parent / "third_party" / "dormant_account"

RUN = """
import json, sys
from pathlib import Path
from analysis.detectors.catalogue import catalogue
from analysis.rows import ParquetRows
from analysis.run import analyse
from analysis.strategy import InvalidStrategy, checked, parsed

document, rows = json.loads(sys.argv[1]), Path(sys.argv[2])
errors, found = [], []
try:
    checked(parsed(document))
except InvalidStrategy as error:
    errors = error.errors
else:
    source = ParquetRows(rows)
    for anomaly in analyse(source, parsed(document), folder=rows.parent).anomalies:
        (record,) = source.records([anomaly.place])
        found.append([record["transaction_id"], anomaly.score, dict(anomaly.shares), dict(anomaly.reasons)])
shown = {each.name: [each.package, each.kind, each.streaming, each.defaults] for each in catalogue().detectors}
unusable = {each.name: each.why for each in catalogue().unusable}
print(json.dumps({"errors": errors, "found": found, "shown": shown, "unusable": unusable}))
"""


def ran(document: dict[str, Any], rows: Path, packages: Path) -> dict[str, Any]:
    """In a process of its own, which finds what is installed in `packages`."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(document), str(rows)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{packages}", "PATH": ""},
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built and installed by pip from a copy, without asking an index."""
    folder = tmp_path_factory.mktemp("packages")
    source = folder / "source"
    source.mkdir()
    for each in PACKAGE.iterdir():
        if each.is_file():
            (source / each.name).write_bytes(each.read_bytes())
    install = ["install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", *install, "--target", str(folder / "installed"), str(source)],
        check=True,
        timeout=120,
    )
    return folder / "installed"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """An account that is silent for half a year between its rows, among others."""
    silent = {"account": "sleeper", "amount": 50, "counterparty": "c1"}
    planted = [
        silent | {"time_ms": MONDAY_MS, "transaction_id": "before"},
        silent | {"time_ms": MONDAY_MS + 180 * DAY_MS, "transaction_id": "after"},
    ]
    written(tmp_path / "rows.parquet", [*habits(), *planted])
    return tmp_path / "rows.parquet"


def test_an_installed_detector_works_in_a_strategy(installed: Path, rows: Path) -> None:
    steps = [{"detector": "dormant_account", "weight": 3, "config": {"days": 60}}, {"detector": "z_score"}]
    answer = ran({"name": "n", "detectors": steps, "threshold": 50}, rows, installed)
    assert answer["shown"]["dormant_account"] == [
        "riskstream-dormant-account 1.0.0",
        "behavioural",
        True,
        {"days": 90.0, "amount_min": 0.0},
    ]
    transaction, score, shares, reasons = answer["found"][0]
    assert (transaction, reasons["dormant_account"]) == ("after", "The account's first row after 180 days of silence")
    assert shares["dormant_account"] == pytest.approx(score, abs=0.1)


def test_its_configuration_is_checked_as_ours_are(installed: Path, rows: Path) -> None:
    steps = [{"detector": "dormant_account", "config": {"days": 0, "typo": 1}}]
    answer = ran({"name": "n", "detectors": steps}, rows, installed)
    assert {field for field, _ in answer["errors"]} == {"detectors.0.config.days", "detectors.0.config.typo"}


def test_what_cannot_be_used_is_told_and_hides_no_other(tmp_path: Path, rows: Path) -> None:
    module = (PACKAGE / "dormant_account.py").read_text()
    (tmp_path / "good.py").write_text(module.replace('"dormant_account"', '"good"'))
    (tmp_path / "named.py").write_text(module)
    (tmp_path / "unkind.py").write_text(module.replace('"dormant_account"', '"unkind"').replace("behavioural", "magic"))
    (tmp_path / "required.py").write_text(
        module.replace('"dormant_account"', '"required"').replace("days: float = Field(90, ", "days: float = Field(")
    )
    (tmp_path / "broken.py").write_text("raise RuntimeError('no licence')")
    (tmp_path / "bare.py").write_text("class DormantAccount: ...")
    offered = ["good", "named", "unkind", "required", "broken", "bare", "absent", "z_score"]
    folder = tmp_path / "theirs-2.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 2.0\n")
    lines = "\n".join(f"{name} = {name}:DormantAccount" for name in offered)
    (folder / "entry_points.txt").write_text(f"[riskstream.detectors]\n{lines}\n")

    answer = ran({"name": "n", "detectors": [{"detector": "broken"}, {"detector": "good"}]}, rows, tmp_path)
    assert answer["shown"]["good"][0] == "theirs 2.0"
    assert answer["shown"]["z_score"][0] is None  # ours cannot be replaced
    whys = {
        "named": "calls itself",
        "unkind": "of kind 'magic'",
        "required": "no default for days",
        "broken": "no licence",
        "bare": "lacks name, kind",
        "absent": "No module named",
    }
    assert set(answer["unusable"]) == set(whys)
    for name, why in whys.items():
        assert why in answer["unusable"][name]
    assert [field for field, _ in answer["errors"]] == ["detectors.0.detector"]


def test_the_page_shows_the_example_as_it_is() -> None:
    page = (ROOT / "docs" / "ANALYSIS.md").read_text()
    blocks = re.findall(r"```(?:python|toml)\n(.*?)```", page, re.DOTALL)
    for name in ("pyproject.toml", "dormant_account.py"):
        assert (PACKAGE / name).read_text() in blocks
