"""The parts that a running stack has given up, in a file of its home, so that the gateway can say so."""

import json
from collections.abc import Mapping
from pathlib import Path

from devstack.home import write_private

FILE_NAME = "lost.json"


def note_lost(home: Path, parts: Mapping[str, str]) -> None:
    """Write which parts are lost, and why; none: remove the file."""
    path = home / FILE_NAME
    if not parts:
        path.unlink(missing_ok=True)
        return
    write_private(path, json.dumps(dict(parts), indent=1) + "\n")


def lost_parts(home: Path) -> dict[str, str]:
    """Why each part is lost, by its name; empty where none is, or no stack runs here."""
    try:
        found = json.loads((home / FILE_NAME).read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(why) for name, why in found.items()} if isinstance(found, dict) else {}
