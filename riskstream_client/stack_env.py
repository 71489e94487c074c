"""The addresses of a running stack, as it leaves them in its folder."""

from collections.abc import Mapping
from pathlib import Path

from contracts.errors import StoreUnavailable

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


def explained(error: Exception, own: Mapping[str, str]) -> str:
    """Write an error for a command's user; where a store is missing because no stack runs here, say that."""
    text = str(error)
    if not isinstance(error, StoreUnavailable):
        return text
    found = {**environment_file(Path(".env")), **own}
    home = Path(found.get("RISKSTREAM_HOME", ".riskstream"))
    given = environment_file(home / FILE_NAME)
    address = found.get("KAFKA_BOOTSTRAP_SERVERS")
    if address is not None and address != given.get("KAFKA_BOOTSTRAP_SERVERS"):
        return text  # somebody else's servers
    state = "no stack runs here" if not given else "the stack of this folder may have stopped"
    return f"{text.rstrip('.')}. Is `make run` running? ({state}: {home / FILE_NAME})"


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
