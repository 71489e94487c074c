"""Postgres as root starts it: in folders that only root may enter, in each way down, and after another one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts.errors import StackError
from devstack import postgres
from devstack.home import Home
from devstack.part import Part
from devstack.ports import choose

PASSWORD = "p" * 40
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Below a folder of mode 700, with a space and an umlaut in its path."""
    closed = tmp_path / "nür root"
    closed.mkdir(mode=0o700)
    made = Home(closed / "home")
    made.prepare()
    return made


@contextmanager
def running(home: Home) -> Iterator[int]:
    port = choose({"postgres": 0}, {}, {"postgres": "PORT"})["postgres"]
    part = Part(postgres.spec(home, port, PASSWORD), home)
    try:
        part.start()
        part.wait_ready()
        yield port
    finally:
        part.stop()


def only(monkeypatch: pytest.MonkeyPatch, home: Home, *ways: str) -> None:
    """Leave only these ways; skip where the system forbids them."""
    monkeypatch.setattr(postgres, "WAYS_DOWN", ways)
    try:
        postgres.way_down(home)
    except StackError:
        pytest.skip(f"this system allows no {ways}")


@as_root
@pytest.mark.parametrize("way", postgres.WAYS_DOWN)
def test_root_starts_it_where_only_root_may_enter(way: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, home, way)
    before = os.umask(0o077)
    try:
        with running(home) as port:
            postgres.ensure_database(port, PASSWORD, PASSWORD)
            assert postgres.answers(port, PASSWORD)
    finally:
        os.umask(before)


@as_root
@pytest.mark.parametrize("ways", [postgres.WAYS_DOWN, postgres.WAYS_DOWN[::-1]])
def test_data_of_another_way_down_are_taken_over(
    ways: tuple[str, str], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for way in ways:
        only(monkeypatch, home, way)
        with running(home) as port:
            assert postgres.answers(port, PASSWORD)


@as_root
def test_a_root_that_may_become_nobody_else_is_sent_to_an_ordinary_user(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "WAYS_DOWN", ())
    monkeypatch.setattr(postgres, "NOBODY", "no-such-account")
    with pytest.raises(StackError, match=r"start as an ordinary user\.$"):
        postgres.way_down(home)


def test_it_shares_memory_in_files_where_the_system_offers_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "SHARED_MEMORY", str(home.root / "no such folder"))
    with running(home) as port:
        assert postgres.answers(port, PASSWORD)
        assert any((home.root / "postgres" / "pg_dynshmem").iterdir())
    assert "dynamic_shared_memory_type = mmap" in (home.root / "postgres" / "riskstream.conf").read_text()


@as_root
@pytest.mark.parametrize("ways", [(), ("no-such-account",)])
def test_where_no_way_is_allowed_one_sentence_says_where_to_start(
    ways: tuple[str, ...], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "WAYS_DOWN", ways)
    with pytest.raises(StackError, match="start as an ordinary user, or in a folder that everybody may enter"):
        postgres.spec(home, 1, PASSWORD)


def test_an_ordinary_user_starts_it_as_himself(home: Home) -> None:
    if os.geteuid() == 0:
        pytest.skip("this is root")
    with running(home) as port:
        assert postgres.answers(port, PASSWORD)
