"""Where the broker's jars are kept: the user's cache, else the home."""

import os
from pathlib import Path

import pytest

from devstack import kafka_jars


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The repositories into which jars were fetched; nothing is downloaded."""
    found: list[Path] = []

    def fetch(repository: Path, _: object) -> None:
        found.append(repository)
        repository.mkdir(parents=True)

    monkeypatch.setattr(kafka_jars, "_fetch", fetch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("RISKSTREAM_CACHE", raising=False)
    return found


def test_the_users_cache_has_them(tmp_path: Path, fetched: list[Path]) -> None:
    kafka_jars.classpath(tmp_path / "home")
    assert fetched == [kafka_jars.cache_folder() / "maven"]


def test_a_cache_that_cannot_be_written_is_passed_by(
    tmp_path: Path, fetched: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    kafka_jars.classpath(tmp_path / "home")
    assert fetched == [tmp_path / "home" / "cache" / "maven"]


def test_one_that_is_full_already_serves_without_being_written(
    tmp_path: Path, fetched: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(kafka_jars, "_is_complete", lambda *_: True)
    assert str(kafka_jars.cache_folder()) in kafka_jars.classpath(tmp_path / "home")
    assert not fetched
