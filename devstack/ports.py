"""Ports of the stack: the one that was set, else the one of the last run, else a free one."""

import errno
import socket
from collections.abc import Mapping

from contracts.errors import StackError

HOST = "127.0.0.1"


def is_free(port: int, host: str = HOST) -> bool:
    return _refusal(port, host) is None


def require_free(setting: str, port: int, host: str = HOST) -> int:
    """`port` itself. Raises StackError that names the setting if this process cannot listen there."""
    refusal = _refusal(port, host)
    if refusal is None:
        return port
    if refusal.errno == errno.EADDRINUSE:
        raise StackError(
            f"Port {port} ({setting}) is taken by another program: stop that program, or set {setting} to a free port."
        )
    raise StackError(f"Cannot listen on {host}:{port} ({setting}): {refusal.strerror or refusal}. Set another one.")


def hold(port: int, host: str = HOST) -> socket.socket | None:
    """Keep a free port from other copies until the socket is closed; None if it cannot be held, as for a moment after
    a run that used it.
    """
    held = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        held.bind((host, port))  # without SO_REUSEADDR, which would let another one in
    except OSError:
        held.close()
        return None
    return held


def _refusal(port: int, host: str) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else a port of the last run rests in TIME_WAIT
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None


def choose(fixed: Mapping[str, int], kept: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    """A port for every name. `fixed` holds the ports that were set (0: not set), `names` maps each to its setting.

    The sockets stay bound until all are chosen, so that no two parts get the same one.
    """
    chosen: dict[str, int] = {}
    held: list[socket.socket] = []
    try:
        for name, setting in names.items():
            if fixed.get(name):
                chosen[name] = require_free(setting, fixed[name])
                continue
            if name in kept and kept[name] not in chosen.values() and is_free(kept[name]):
                chosen[name] = kept[name]
                continue
            probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(probe)
            probe.bind((HOST, 0))
            chosen[name] = probe.getsockname()[1]
    finally:
        for probe in held:
            probe.close()
    return chosen
