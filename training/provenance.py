"""What a model was made from and by: a hash of the data, and the version of the code."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from training.history import History

_ROOT = Path(__file__).parent.parent
_ROOMS = ("contracts", "features", "scoring", "training")  # whatever changes a vector, a fit or a figure lies in them
_DIGITS = 16


def data_hash(history: History) -> str:
    """Of the vectors, verdicts, times and usable rows of all transactions: equal data give an equal hash.

    BLAKE2b: 1.5 GB of vectors take about two seconds.
    """
    digest = hashlib.blake2b(digest_size=_DIGITS // 2)
    for array in (history.vectors, history.fraud, history.time_ms, history.label_known_ms, history.usable):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@cache
def code_version() -> str:
    """The release, and a hash of the source that makes models: `0.1.0+3f9a…`, also where it was changed by hand."""
    digest = hashlib.blake2b(digest_size=_DIGITS // 2)
    for room in _ROOMS:
        for path in sorted((_ROOT / room).rglob("*.py")):
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{_release()}+{digest.hexdigest()}"


def _release() -> str:
    try:
        return version("riskstream")
    except PackageNotFoundError:  # run from a checkout
        return "0.1.0"
