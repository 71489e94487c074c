"""How long work says how far it is, and learns that it shall end."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # (stage, rows done, rows in all)


class Cancelled(Exception):
    """Somebody asked for the end of the work."""


def unless(cancelled: Callable[[], bool]) -> None:
    """Raises Cancelled if the work shall end."""
    if cancelled():
        raise Cancelled
