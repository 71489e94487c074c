"""Preloaded by the process that children are forked from: it ends with its worker, not with the worker's signals.

A terminal and a service manager send their signals to the whole group. A child that ended by one would be taken for
one that its file has ended.
"""

import signal

import analysis.child_work  # noqa: F401 - with all its libraries, so that no child has to import them

signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
