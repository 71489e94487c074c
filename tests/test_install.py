"""The installer's screen: what is fetched, how much, and what is waited for."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "requirements" / "install.py"


@pytest.fixture
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("line", ["Downloading numpy (16.1MiB)", "  Downloading numpy-2.1-cp311.whl (16.1 MB)"])
def test_what_is_large_is_told(line: str, install: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    install.Progress().follow([line, "Downloading idna (1.2MiB)", " + numpy==2.1"])
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 1
    assert re.search(r"\[ +\d+\.\d s\] fetching numpy\S* \(16\.1 ?Mi?B\)", told[0])


def test_a_slow_network_is_told_by_name_until_it_is_done(
    install: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "EVERY_S", 0.0)
    seen: list[str] = []

    def until(what: str) -> None:
        while what not in "".join(seen):
            seen.append(capsys.readouterr().out)

    def lines() -> Iterator[str]:
        yield "Downloading llvmlite (56.9MiB)"
        until("still fetching llvmlite (56.9MiB)")
        yield " Downloaded llvmlite"
        until("still installing")

    install.Progress().follow(lines())


def test_a_failure_ends_with_the_installers_words_and_what_to_do(install: ModuleType) -> None:
    program = "import sys; print('no route to the index'); sys.exit(3)"
    with pytest.raises(SystemExit, match=r"(?s)no route to the index.*check the network and the free space"):
        install._run([sys.executable, "-c", program])
