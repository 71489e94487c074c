"""Commands that a start begins early and waits for later."""

import json
import os
from pathlib import Path

import psutil
import pytest

from contracts.errors import StackError
from devstack.command import Command


def test_it_returns_what_the_command_printed_with_the_environment_given() -> None:
    began = Command({"LC_ALL": "C.UTF-8"}, "models", "list", "--json", "--registry", os.devnull + "-not-there")
    assert json.loads(began.finish()) == []


def test_one_that_fails_says_which_and_why() -> None:
    with pytest.raises(StackError, match=r"`riskstream models show no-such-version` failed\. .*no model"):
        Command({}, "models", "show", "no-such-version").finish()


def test_one_that_is_not_needed_any_more_is_ended(tmp_path: Path) -> None:
    began = Command({"RISKSTREAM_GATE": str(tmp_path / "never opened")}, "models", "list")
    began.stop()
    assert not [child for child in psutil.Process().children() if "models" in child.cmdline()]
    began.stop()
