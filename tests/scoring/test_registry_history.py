"""Who was champion when, and where a rollback goes: against a stack kept by hand, through crashes and races."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ModelRefused
from scoring import registry, registry_history
from scoring.registry_history import Action, Entry, reign

VERSIONS = ("a", "b", "c")
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for version in VERSIONS:
        (tmp_path / version).mkdir()
        (tmp_path / version / "manifest.json").write_text("{}")
    return tmp_path


@given(st.lists(st.sampled_from([*VERSIONS, "rollback"]), max_size=30))
def test_a_rollback_walks_back_one_by_one(steps: list[str]) -> None:
    entries: list[Entry] = []
    stack: list[str] = []
    for step in steps:
        previous = stack[-1] if stack else None
        if step == "rollback":
            if len(stack) < 2:
                continue
            stack.pop()
            # The stack may hold a version twice; the entry names it only. Back is always to the nearest one below.
            entries.append(Entry(action=Action.ROLLBACK, version=stack[-1], previous=previous))
        else:
            if step != previous:
                stack.append(step)
            entries.append(Entry(action=Action.PROMOTE, version=step, previous=previous))
        assert reign(entries, stack[-1])[-1] == stack[-1]
    if stack:
        assert reign(entries, stack[-1]) == stack


def test_the_history_says_who_and_when(models: Path) -> None:
    registry.promote(models, "a", by="train", at=NOW)
    registry.promote(models, "b", by="somebody", at=NOW)
    registry.roll_back(models, "a", by="somebody else", at=NOW)
    assert [(e.action, e.version, e.previous, e.by, e.at) for e in registry_history.read(models)] == [
        ("promote", "a", None, "train", "2026-05-01T12:00:00+00:00"),
        ("promote", "b", "a", "somebody", "2026-05-01T12:00:00+00:00"),
        ("rollback", "a", "b", "somebody else", "2026-05-01T12:00:00+00:00"),
    ]


def test_a_line_that_a_crash_broke_off_is_left_out_and_takes_no_other_with_it(models: Path) -> None:
    registry.promote(models, "a")
    with (models / "history.jsonl").open("ab") as file:
        file.write(b'{"action":"promote","vers')
    registry.promote(models, "b")
    assert [entry.version for entry in registry_history.read(models)] == ["a", "b"]
    assert registry.previous_champion(models) == "a"


def test_a_promotion_that_a_crash_stopped_before_the_switch_never_was(models: Path) -> None:
    registry.promote(models, "a")
    registry.promote(models, "b")
    registry_history.append(models, Entry(action=Action.PROMOTE, version="c", previous="b"))
    assert registry.champion_version(models) == "b"
    assert registry.previous_champion(models) == "a"


def test_a_champion_named_by_hand_has_the_old_ones_behind_it(models: Path) -> None:
    registry.promote(models, "a")
    (models / "champion").write_text("c\n")
    assert registry.previous_champion(models) == "a"


def test_a_deleted_version_is_passed_over(models: Path) -> None:
    for version in VERSIONS:
        registry.promote(models, version)
    (models / "b" / "manifest.json").unlink()
    assert registry.previous_champion(models) == "a"
    registry.roll_back(models, "a")
    assert registry.previous_champion(models) is None


def test_a_rollback_that_somebody_overtook_is_refused(models: Path) -> None:
    for version in ("a", "b", "c"):
        registry.promote(models, version)
    with pytest.raises(ModelRefused, match="another champion by now"):
        registry.roll_back(models, "a")
    assert registry.champion_version(models) == "c"


def test_promotions_at_once_leave_one_champion_and_every_line(models: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from scoring.registry import promote\n"
        "for _ in range(20): promote(Path(sys.argv[1]), sys.argv[2], by=sys.argv[2])"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    commands = [[sys.executable, "-c", script, str(models), version] for version in VERSIONS]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda command: subprocess.run(command, check=True, env=environment), commands))
    entries = registry_history.read(models)
    assert len(entries) == 60
    assert all(later.previous == earlier.version for earlier, later in pairwise(entries))
    assert registry.champion_version(models) == entries[-1].version
    assert [path.name for path in models.iterdir() if path.name.endswith(".partial")] == []


def test_the_challenger(models: Path) -> None:
    assert registry.challenger(models) is None
    registry.set_challenger(models, "b")
    assert registry.challenger(models) == models / "b"
    registry.set_challenger(models, None)
    registry.set_challenger(models, None)
    assert registry.challenger(models) is None
    with pytest.raises(ModelRefused, match="has no model"):
        registry.set_challenger(models, "../a")
