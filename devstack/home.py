"""The home folder of one stack (`.riskstream/`): its paths, its kept secrets and ports, its one lock."""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from contracts.errors import StackError

FREE_BYTES_MIN = 1_000_000_000  # the servers' logs and the first model need about a third of it
SECRET_BYTES = 36  # 48 characters of base64, well above the 32 that production asks for


class Home:
    """Paths below one folder, and the small files that outlive a run."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.logs = self.root / "logs"
        self.run = self.root / "run"
        self.stack_env = self.root / "stack.env"

    def prepare(self) -> None:
        """Make the folders. Raises StackError if the disk is nearly full or the place is not writable."""
        try:
            for folder in (self.root, self.logs, self.run):
                folder.mkdir(parents=True, exist_ok=True)
            (self.root / ".gitignore").write_text("*\n")
            free = shutil.disk_usage(self.root).free
        except OSError as error:
            raise StackError(
                f"Cannot write to {self.root} ({error.strerror}): give this user write permission there,"
                " or set RISKSTREAM_HOME to a folder of its own."
            ) from error
        if free < FREE_BYTES_MIN:
            raise StackError(
                f"The disk of {self.root} has {free // 1_000_000} MB left and the stack needs"
                f" {FREE_BYTES_MIN // 1_000_000} MB: free some space, or set RISKSTREAM_HOME to another disk."
            )

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def secret(self, name: str) -> str:
        """The kept random secret of that name; made at the first call."""
        kept = self._read("secrets.json")
        if name not in kept:
            kept[name] = secrets.token_urlsafe(SECRET_BYTES)
            self._write("secrets.json", kept)
        return kept[name]

    def keep_secret(self, name: str, value: str) -> None:
        self._write("secrets.json", self._read("secrets.json") | {name: value})

    def known_secret(self, name: str) -> str | None:
        return self._read("secrets.json").get(name)

    def ports(self) -> dict[str, int]:
        return {name: int(port) for name, port in self._read("ports.json").items()}

    def keep_ports(self, ports: Mapping[str, int]) -> None:
        self._write("ports.json", {name: str(port) for name, port in ports.items()})

    def publish(self, addresses: Mapping[str, str]) -> None:
        """Write `stack.env`: its presence says that all is ready."""
        write_private(self.stack_env, "".join(f"{name}={value}\n" for name, value in addresses.items()))

    def withdraw(self) -> None:
        self.stack_env.unlink(missing_ok=True)

    def _read(self, name: str) -> dict[str, str]:
        try:
            content: dict[str, str] = json.loads((self.root / name).read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise StackError(f"{self.root / name} is damaged: delete it, or run `riskstream reset`.") from error
        return content

    def _write(self, name: str, content: Mapping[str, str]) -> None:
        write_private(self.root / name, json.dumps(dict(content), indent=1) + "\n")


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file that only its owner may read."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class HomeLock:
    """One supervisor a home. The kernel drops the lock with its holder, so a stale file is simply taken over."""

    def __init__(self, home: Home) -> None:
        self._path = home.root / "lock"
        self._file: int | None = None

    def __enter__(self) -> "HomeLock":
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 32, 0).decode().strip() or "unknown"
            os.close(file)
            raise StackError(
                f"A stack already runs in {self._path.parent} (process {holder}): stop it first with Ctrl-C in its"
                f" terminal or `kill {holder}`, or set RISKSTREAM_HOME to run a second one beside it."
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None
