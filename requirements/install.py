"""Install a set of locked requirements and this project into the environment whose Python runs this, and say meanwhile
what is being fetched, and how much: `python -I requirements/install.py runtime`. The Makefile calls it.

Nothing is imported that Python does not bring. uv is ten times as quick; pip does the same where uv has no build.
"""

import compileall
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVERY_S = 10.0  # a line at least, so that nobody takes a slow network for a standstill
LAST_LINES = 12
FETCHES = re.compile(r"^\s*Downloading (\S+) \((\d\d+\.\d ?Mi?B)\)")  # the small ones are no news
FETCHED = re.compile(r"^\s*Downloaded (\S+)")
REFUSED = (
    "Requirements could not be installed: check the network and the free space (2 GB), then start again."
    " They need a 64-bit Linux (x86 or ARM, glibc) or macOS."
)


class Progress:
    """Tells what the installer fetches, line by line, and every EVERY_S what is waited for."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()
        self._fetching: dict[str, str] = {}
        self._ended = threading.Event()

    def follow(self, lines: Iterable[str]) -> list[str]:
        """Read the installer's lines to their end; the last ones."""
        threading.Thread(target=self._repeat, daemon=True).start()
        last: list[str] = []
        for line in lines:
            if fetches := FETCHES.match(line):
                self._fetching[fetches[1]] = fetches[2]
                self._tell(f"fetching {fetches[1]} ({fetches[2]})")
            elif fetched := FETCHED.match(line):
                self._fetching.pop(fetched[1], None)
            last = [*last, line.rstrip()][-LAST_LINES:]
        self._ended.set()
        return last

    def _repeat(self) -> None:
        while not self._ended.wait(1.0):
            if time.monotonic() - self._told >= EVERY_S:
                waited = ", ".join(f"{name} ({size})" for name, size in list(self._fetching.items()))
                self._tell(f"still fetching {waited}" if waited else "still installing")

    def _tell(self, what: str) -> None:
        self._told = time.monotonic()
        print(f"  [{self._told - self._began:5.1f} s] {what}", flush=True)


def main(name: str) -> None:
    """Install `requirements/NAME.lock`, then this project. Exits with the installer's last words if it fails."""
    print(f"Installing {name} requirements (the first time: some 300 MB to fetch, 1.5 GB on the disk) …", flush=True)
    installer = _installer()
    _run([*installer, "--require-hashes", "-r", str(ROOT / "requirements" / f"{name}.lock")])
    _run([*installer, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    for package in ROOT.glob("*/__init__.py"):
        compileall.compile_dir(package.parent, quiet=2)
    for module in ROOT.glob("*.py"):
        compileall.compile_file(module, quiet=2)


def _installer() -> list[str]:
    """Bytecode is made here, once: a start finds it even where Python may not write any, as in many containers."""
    uv = Path(sys.executable).with_name("uv")
    try:
        subprocess.run([uv, "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    cache = [] if os.environ.get("UV_CACHE_DIR") or _can_write(_user_cache()) else ["--no-cache"]
    return [str(uv), "pip", "install", "--compile-bytecode", "--color", "never", "--python", sys.executable, *cache]


def _user_cache() -> Path:
    """Where uv keeps its downloads."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path(os.environ.get("HOME") or "/") / ".cache") / "uv"


def _can_write(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def _run(command: list[str]) -> None:
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        last = Progress().follow(process.stdout)
    if process.returncode:
        raise SystemExit("\n".join([*last, REFUSED]))


if __name__ == "__main__":
    main(sys.argv[1])
