"""How the kernel's inner functions are compiled."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numba as nb

# Without numba's runtime there is no allocation inside, and no counting of references: an atomic count around every
# array taken out of a NamedTuple was half of the kernel's time. Only for functions that make no new array. Called, not
# inlined, such a function gets a copy of every array's shape and strides, a kilobyte of them: a quarter of the time.
# Only compiled code calls them, so they get no entry for Python or C: a fifth of the time that compiling takes.
_OPTIONS: dict[str, Any] = {
    "cache": True, "_nrt": False, "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
}  # fmt: skip
inner: Any = nb.njit(**_OPTIONS)


def forget_older(folder: Path) -> None:
    """Delete compiled code in `folder`/__pycache__ that is older than any source in `folder`.

    numba looks at the file of the outermost function only: after a change to what that one calls, in another file, it
    would go on with the old code, in an upgraded installation too.
    """
    newest_s = max(source.stat().st_mtime for source in folder.glob("*.py"))
    for compiled in folder.glob("__pycache__/*.nb[ci]"):
        with suppress(OSError):  # another process was quicker, or the folder cannot be written, nor could numba
            if compiled.stat().st_mtime < newest_s:
                compiled.unlink()


forget_older(Path(__file__).parent)
