"""The addresses of a running stack, as it leaves them in its folder."""

from collections.abc import Mapping
from pathlib import Path

FILE_NAME = "stack.env"


def stack_environment(home: Path) -> dict[str, str]:
    """The `KEY=value` lines of `stack.env` in `home` (`RISKSTREAM_HOME`); empty when no stack is ready there."""
    return environment_file(home / FILE_NAME)


def environment_file(path: Path) -> dict[str, str]:
    """The `KEY=value` lines of a file; empty when there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    environment = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.lstrip().startswith("#"):
            environment[name.strip().removeprefix("export ").strip()] = _unquoted(value.strip())
    return environment


def client_environment(own: Mapping[str, str]) -> dict[str, str]:
    """The settings that hold here: `own` (the process environment), else `.env`, else the running stack's addresses.

    The stack's file counts only as a whole: where KAFKA_BOOTSTRAP_SERVERS is set otherwise, it is not read.
    """
    found = {**environment_file(Path(".env")), **own}
    if "KAFKA_BOOTSTRAP_SERVERS" not in found:
        found = {**stack_environment(Path(found.get("RISKSTREAM_HOME", ".riskstream"))), **found}
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
