"""A worker that is killed in the middle of a run, as a process; ten times in `bench.analysis_kills`."""

from pathlib import Path

import pytest

from bench.analysis_kills import measured


@pytest.mark.timeout(280)
def test_a_run_whose_worker_is_killed_finds_what_an_undisturbed_one_finds(database_url: str, tmp_path: Path) -> None:
    result = measured(database_url, tmp_path, rows=20_000, kills=2)
    assert result["kills"] == 2
    assert result["attempts"] == 3
    assert result["anomalies"] > 0
    assert result["equal"]
