"""Where compiled kernels are kept: beside their sources, else in the home."""

import os
from importlib.util import find_spec
from pathlib import Path

from devstack.home import Home

VARIABLE = "NUMBA_CACHE_DIR"
_PACKAGES = ("features", "scoring")  # whose modules are compiled


def environment(home: Home) -> dict[str, str]:
    """What processes of ours need to find and keep compiled code.

    Nothing where it can be kept beside the sources, or where a place was chosen. Else the home: numba's own next choice
    is the user's cache folder, and where that cannot be written either it refuses to run.
    """
    sources = [source for name in _PACKAGES for source in _sources(name)]
    if os.environ.get(VARIABLE) or all(_can_keep(folder) for folder in {source.parent for source in sources}):
        return {}
    # numba looks at the age of a kernel's own file alone: after an upgrade a fresh folder, so that nothing old is used.
    newest = max((source.stat().st_mtime_ns for source in sources), default=0)
    return {VARIABLE: str(home.root / "compiled" / f"{newest:x}")}


def _sources(package: str) -> list[Path]:
    found = find_spec(package)
    places = found.submodule_search_locations if found else None
    return [source for place in places or () for source in Path(place).glob("*.py")]


def _can_keep(folder: Path) -> bool:
    cache = folder / "__pycache__"
    return os.access(cache if cache.exists() else folder, os.W_OK | os.X_OK)
