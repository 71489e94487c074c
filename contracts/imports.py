"""Import a library without those of its optional companions that a process has no use for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Within the block a first import of these packages fails as if they were not installed.

    For libraries that import a companion where they find one, at a cost of seconds: the process that does use the
    companion imports it itself. One that is imported already stays.
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: Python's own mark for "not to be found"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
