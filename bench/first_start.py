"""A newcomer's first minutes: `make run` in an empty folder with an empty HOME, and a second start after it.

`python -m bench.first_start [--starts 2]` copies what git tracks into a fresh folder that only its owner may enter,
installs and downloads there, then starts, waits for the first live alert and stops. Beside each start stands how long a
fixed computation took just before and after it, because other work on the machine changes all of these times.
"""

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from bench.harness import RESULTS, machine

ROOT = Path(__file__).resolve().parent.parent
RESULT = "first_start"
READY, ALERT = "is up", "The first live alert arrived"
COMPUTED = 20_000_000
FETCH_JARS = "from pathlib import Path; from devstack.kafka_jars import classpath; classpath(Path('.riskstream'))"
KEPT = ("PATH", "LANG", "SSL_CERT_FILE", "HTTPS_PROXY", "PYTHONDONTWRITEBYTECODE", "TMPDIR")  # of the environment
KEPT_PREFIXES = ("PIP_", "UV_INDEX", "UV_DEFAULT_INDEX", "REQUESTS_")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place, home = Path(folder) / "riskstream", Path(folder) / "home"
        home.mkdir()
        _copy(place)
        environment = _environment(home)
        result: dict[str, object] = {"machine": machine()}
        result["install"] = _timed(["make", ".venv/.stamps/runtime"], place, environment)
        result["Kafka's jars"] = _timed([".venv/bin/python", "-c", FETCH_JARS], place, environment)
        for number in range(1, arguments.starts + 1):
            result[f"start {number}"] = found = _start(place, environment)
            print(f"start {number}", json.dumps(found, indent=1), flush=True)
    (RESULTS / f"{RESULT}.json").write_text(json.dumps(result, indent=1) + "\n")


def _copy(place: Path) -> None:
    """What git tracks, as it is in the working tree now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)


def _environment(home: Path) -> dict[str, str]:
    """Keep this machine's way to the registries, an empty home, any free port, and nothing else of ours."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    return kept | {"HOME": str(home), "API_PORT": "0"}


def _start(place: Path, environment: dict[str, str]) -> dict[str, object]:
    """One `make run` from its first moment to its first alert, then Ctrl-C."""
    speed = _speed()
    began, cpu = time.monotonic(), _cpu_of_children()
    # A session of its own, so that the stop signal can go to all that a terminal's Ctrl-C would reach.
    process = subprocess.Popen(
        ["make", "run"], cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    steps, found = [], {}
    for line in process.stdout:
        if line.startswith("["):
            steps.append(line.strip())
        if READY in line:
            found["ready after, s"] = round(time.monotonic() - began, 1)
        if ALERT in line:
            found["first alert after, s"] = round(time.monotonic() - began, 1)
            os.killpg(process.pid, signal.SIGINT)
    process.wait()
    found["CPU seconds of all processes"] = round(_cpu_of_children() - cpu, 1)
    return {"fixed computation before": speed, "and after": _speed(), **found, "steps": steps}


def _timed(command: list[str], place: Path, environment: dict[str, str]) -> dict[str, object]:
    began, cpu = time.monotonic(), _cpu_of_children()
    subprocess.run(command, cwd=place, env=environment, stdin=subprocess.DEVNULL, check=True)
    return {"s": round(time.monotonic() - began, 1), "CPU seconds": round(_cpu_of_children() - cpu, 1)}


def _speed() -> dict[str, float]:
    """Time a fixed computation on one core; clock and CPU time lie apart when the machine is busy."""
    began, cpu = time.monotonic(), time.process_time()
    total = 0
    for number in range(COMPUTED):
        total += number * number % 7
    return {"s": round(time.monotonic() - began, 2), "CPU seconds": round(time.process_time() - cpu, 2)}


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
