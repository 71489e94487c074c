"""A real Redis of a test's own, to be put into states that the shared one must not be in."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.home import Home
from devstack.ports import choose
from devstack.redis import spec, url

PASSWORD = "own-redis"
LOOK_EVERY_S = 0.02


@contextmanager
def own_redis(folder: Path, *lines: str) -> Iterator[str]:
    """Its address. `lines` are added to its configuration."""
    home = Home(folder)
    home.root.mkdir(parents=True, exist_ok=True)
    port = choose({}, {}, {"redis": ""})["redis"]
    made = spec(home, port, PASSWORD)
    configuration = Path(made.command[1])
    configuration.write_text(configuration.read_text() + "\n".join(("enable-debug-command yes", *lines, "")))
    process = subprocess.Popen(made.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + made.start_deadline_s
        while not made.ready():
            assert process.poll() is None, "this Redis ended"
            assert time.monotonic() < deadline, "this Redis does not come up"
            time.sleep(LOOK_EVERY_S)
        yield url(port, PASSWORD)
    finally:
        process.kill()
        process.wait()
