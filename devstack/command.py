"""A command of ours that a start needs done once: begun early, waited for where its work is needed."""

import os
import subprocess
import sys
from collections.abc import Mapping

from contracts.errors import StackError
from devstack.part import tied

COMMAND = (sys.executable, "-m", "riskstream")
_LAST_LINES = 3


class Command:
    """`riskstream ARGUMENTS` at work since this object was made. Make it on the main thread (see `devstack.part`)."""

    def __init__(self, environment: Mapping[str, str], *arguments: str, show: bool = False) -> None:
        """`show`: what it prints goes to the screen, and is not returned."""
        self._name = " ".join(arguments)
        kept = None if show else subprocess.PIPE
        self._process = subprocess.Popen(
            tied([*COMMAND, *arguments]),
            env=os.environ | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=kept,
            stderr=kept,
            text=True,
        )

    @property
    def is_at_work(self) -> bool:
        return self._process.poll() is None

    def finish(self) -> str:
        """Wait for its end and return what it printed. Raises StackError with its last words."""
        output, errors = self._process.communicate()
        if self._process.returncode:
            words = (errors or "").strip().splitlines()[-_LAST_LINES:]
            raise StackError(f"`riskstream {self._name}` failed. " + " ".join(words))
        return output or ""

    def stop(self) -> None:
        """End it if it is still at work."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
