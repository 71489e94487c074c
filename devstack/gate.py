"""A gate before our own processes: they import their code while the servers start, and wait here for the go.

Imports are most of their start (several CPU seconds of compiled libraries), and the servers' start leaves a core idle.
"""

import os
import time
from pathlib import Path

VARIABLE = "RISKSTREAM_GATE"  # names a file; it appears when the servers, the schema and a model are there
POLL_S = 0.02


def is_closed() -> bool:
    """Whether there is a gate that does not let this process through yet."""
    name = os.environ.get(VARIABLE, "")
    return bool(name) and not Path(name).exists()


def wait() -> None:
    """Return when the gate is open; at once where there is none. A closed gate ends with its supervisor, not before."""
    while is_closed():
        time.sleep(POLL_S)
