"""Who was champion when: one JSON line a promotion or rollback, only ever appended."""

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from contracts.errors import ModelRefused

HISTORY_FILE = "history.jsonl"
HISTORY_BYTES_MAX = 16 * 1024 * 1024  # a hundred thousand promotions


class Action(StrEnum):
    PROMOTE = "promote"
    ROLLBACK = "rollback"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """`previous` was champion before; `by` says who or what changed it, `at` when (RFC 3339), empty if not told."""

    action: Action
    version: str
    previous: str | None
    by: str = ""
    at: str = ""


_decode = msgspec.json.Decoder(Entry).decode


def append(registry: Path, entry: Entry) -> None:
    """Add a line, on disk when this returns. The caller holds the registry's lock."""
    line = msgspec.json.encode(entry) + b"\n"
    with (registry / HISTORY_FILE).open("ab") as file:
        if file.tell() and not _ends_line(registry / HISTORY_FILE):
            line = b"\n" + line  # a crash broke off the line before; it must not take this one with it
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def read(registry: Path) -> list[Entry]:
    """Every entry, oldest first; a line that a crash broke off is left out. Raises ModelRefused."""
    path = registry / HISTORY_FILE
    try:
        with path.open("rb") as file:
            lines = file.read(HISTORY_BYTES_MAX).split(b"\n")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ModelRefused(f"{path} cannot be read: {error.strerror or error}") from error
    entries = []
    for line in lines:
        try:
            entries.append(_decode(line))
        except msgspec.DecodeError:
            continue
    return entries


def reign(entries: Sequence[Entry], champion: str | None) -> list[str]:
    """The champions that a rollback walks back through, oldest first, the present one last.

    A promotion adds to them, a rollback takes away. The champion file says what holds: a last entry that it
    does not show never came to pass (a crash in between), and a champion that no entry made is simply the last.
    """
    done = list(entries)
    if done and done[-1].version != champion and done[-1].previous == champion:
        done.pop()
    line: list[str] = []
    for entry in done:
        if entry.action is Action.ROLLBACK and entry.version in line:
            del line[_last(line, entry.version) + 1 :]
            continue
        if entry.previous is not None and not line:
            line.append(entry.previous)
        if not line or line[-1] != entry.version:
            line.append(entry.version)
    if champion is not None and (not line or line[-1] != champion):
        line.append(champion)
    return line


def _last(line: Sequence[str], version: str) -> int:
    return len(line) - 1 - line[::-1].index(version)


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
