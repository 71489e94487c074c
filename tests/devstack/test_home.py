import os
import stat
from pathlib import Path

import pytest

from contracts.errors import StackError
from devstack.home import Home, HomeLock


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_live_lock_is_refused_with_the_holder_and_what_to_do(home: Home) -> None:
    with HomeLock(home), pytest.raises(StackError, match=rf"process {os.getpid()}.*RISKSTREAM_HOME"), HomeLock(home):
        pass


def test_a_lock_file_whose_holder_is_gone_is_taken_over(home: Home) -> None:
    (home.root / "lock").write_text("999999\n")
    with HomeLock(home):
        assert (home.root / "lock").read_text() == f"{os.getpid()}\n"
    with HomeLock(home):  # and given back
        pass


def test_secrets_are_made_once_and_belong_to_their_owner_only(home: Home) -> None:
    secret = home.secret("SECRET_KEY")
    assert len(secret) >= 32
    assert home.secret("SECRET_KEY") == secret != home.secret("OTHER")
    assert mode(home.root / "secrets.json") == 0o600


def test_stack_env_is_private_and_whole(home: Home) -> None:
    home.publish({"API_URL": "http://127.0.0.1:8000", "RISKSTREAM_API_KEY": "key"})
    assert home.stack_env.read_text() == "API_URL=http://127.0.0.1:8000\nRISKSTREAM_API_KEY=key\n"
    assert mode(home.stack_env) == 0o600
    home.withdraw()
    assert not home.stack_env.exists()
    home.withdraw()


def test_a_damaged_file_says_which_and_what_to_do(home: Home) -> None:
    (home.root / "secrets.json").write_text("{")
    with pytest.raises(StackError, match=r"secrets\.json is damaged.*reset"):
        home.secret("SECRET_KEY")


def test_a_place_that_cannot_be_a_folder_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"Cannot write to .*RISKSTREAM_HOME"):
        Home(tmp_path / "file" / "home").prepare()


def test_a_nearly_full_disk_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devstack.home.FREE_BYTES_MIN", 1 << 62)
    with pytest.raises(StackError, match=r"has \d+ MB left.*free some space"):
        Home(tmp_path).prepare()
