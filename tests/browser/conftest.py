"""The browser's tests are collected where its driver is installed: requirements/browser.lock, `make test-browser`."""

from importlib.util import find_spec

if find_spec("playwright") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    from desk import browser, desk, open_page

    __all__ = ["browser", "desk", "open_page"]
