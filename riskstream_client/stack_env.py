"""The addresses of a running stack, as it leaves them in its folder."""

from pathlib import Path

FILE_NAME = "stack.env"


def stack_environment(home: Path) -> dict[str, str]:
    """The `KEY=value` lines of `stack.env` in `home` (`RISKSTREAM_HOME`); empty when no stack is ready there."""
    try:
        text = (home / FILE_NAME).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    environment = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.lstrip().startswith("#"):
            environment[name.strip().removeprefix("export ").strip()] = _unquoted(value.strip())
    return environment


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
