"""The version of this installation."""

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("riskstream")
    except PackageNotFoundError:  # run from a checkout
        return "0.1.0"


VERSION = _installed()
