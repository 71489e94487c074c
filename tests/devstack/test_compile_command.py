"""Compiled code is kept beside its sources, else in the stack's home: the user's may be read-only."""

import os
from pathlib import Path

import pytest

from devstack import compiled
from devstack.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv(compiled.VARIABLE, raising=False)
    return Home(tmp_path / "home")


def test_nothing_is_set_where_it_can_be_kept_beside_the_sources(home: Home) -> None:
    assert compiled.environment(home) == {}


def test_sources_that_cannot_be_written_beside_have_it_in_the_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    place = compiled.environment(home)[compiled.VARIABLE]
    assert Path(place).is_relative_to(home.root)
    assert compiled.environment(home) == {compiled.VARIABLE: place}, "the next start finds it again"
    newest = max(source.stat().st_mtime_ns for source in Path(compiled.__file__).parents[1].glob("features/*.py"))
    monkeypatch.setattr(compiled, "_sources", lambda _: [_touched(home.root.parent / "kernel.py", newest + 10**9)])
    assert compiled.environment(home)[compiled.VARIABLE] != place, "other sources, another place"


def test_a_place_that_was_chosen_counts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv(compiled.VARIABLE, "/somewhere")
    assert compiled.environment(home) == {}


def _touched(path: Path, at_ns: int) -> Path:
    path.write_text("")
    os.utime(path, ns=(at_ns, at_ns))
    return path
