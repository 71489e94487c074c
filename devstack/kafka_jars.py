"""The broker's jars: pinned in `kafka_jars.lock`, fetched once into the user's cache by jgo, checked by sha256."""

import hashlib
import os
import ssl
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import StackError

KAFKA = "org.apache.kafka:kafka_2.13:jar:4.3.1:compile"
LOG_WRITER = "org.slf4j:slf4j-simple:jar:1.7.36:runtime"
LOCK = Path(__file__).with_name("kafka_jars.lock")
DOWNLOADS_MAX = 4  # at once
DOWNLOAD_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Jar:
    group: str
    artifact: str
    version: str
    size_bytes: int
    sha256: str


def cache_folder() -> Path:
    """`RISKSTREAM_CACHE`, else the platform's cache folder of this user."""
    if chosen := os.environ.get("RISKSTREAM_CACHE"):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "riskstream"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "riskstream"


def classpath(home: Path) -> str:
    """The jars as a Java class path, downloaded if they are not in the cache yet. Raises StackError.

    Where the user's cache cannot be written, as with a read-only home folder, they are kept below `home`.
    """
    jars = list(locked())
    repository = cache_folder() / "maven"
    if not (_is_complete(repository, jars) or _can_write(repository) or os.environ.get("RISKSTREAM_CACHE")):
        repository = home / "cache" / "maven"
    if not _is_complete(repository, jars):
        _fetch(repository, jars)
        _stamp(repository).touch()
    return os.pathsep.join(str(_path(repository, jar)) for jar in jars)


def _is_complete(repository: Path, jars: list[Jar]) -> bool:
    """Whether all jars were verified there once, and none was cut off or deleted since."""
    paths = [(_path(repository, jar), jar.size_bytes) for jar in jars]
    return _stamp(repository).exists() and all(path.is_file() and path.stat().st_size == size for path, size in paths)


def _stamp(repository: Path) -> Path:
    return repository / f"verified-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"


def _can_write(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def locked() -> Iterator[Jar]:
    for line in LOCK.read_text().splitlines():
        if line and not line.startswith("#"):
            coordinate, size, digest = line.split()
            group, artifact, version = coordinate.split(":")
            yield Jar(group, artifact, version, int(size), digest.removeprefix("sha256:"))


def _path(repository: Path, jar: Jar) -> Path:
    name = f"{jar.artifact}-{jar.version}.jar"
    return repository.joinpath(*jar.group.split("."), jar.artifact, jar.version, name)


def _fetch(repository: Path, jars: list[Jar]) -> None:
    import requests  # jgo's transport; slow to import and needed at the first start only
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    if store := ssl.get_default_verify_paths().cafile:  # what this machine trusts: a company's proxy, say
        os.environ.setdefault("REQUESTS_CA_BUNDLE", store)
    try:
        repository.mkdir(parents=True, exist_ok=True)
        total = sum(jar.size_bytes for jar in jars)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, transient=True) as progress, ThreadPoolExecutor(DOWNLOADS_MAX) as pool:
            if not progress.console.is_terminal:
                print(f"fetching Kafka's {len(jars)} jars, {total // 1_000_000} MB (once) …", flush=True)
            bar = progress.add_task("Kafka's jars (once)", total=total)
            for jar in pool.map(lambda jar: _fetch_one(repository, jar), jars):
                progress.advance(bar, jar.size_bytes)
    except requests.RequestException as error:
        raise StackError(
            "Kafka's jars could not be downloaded from Maven Central: check the network or the proxy (HTTPS_PROXY),"
            f" then start again. What failed: {type(error).__name__}."
        ) from error
    except OSError as error:
        raise StackError(
            f"Cannot keep Kafka's jars in {repository} ({error.strerror}): free some space or give write permission"
            " there, or set RISKSTREAM_CACHE to another folder."
        ) from error


def _fetch_one(repository: Path, jar: Jar) -> Jar:
    from jgo.maven import MavenContext

    target = _path(repository, jar)
    if not _matches(target, jar):
        target.unlink(missing_ok=True)  # cut off or changed
        context = MavenContext(repo_cache=repository, timeout=DOWNLOAD_TIMEOUT_S)
        try:
            context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        except RuntimeError as error:  # jgo's word for "in none of the repositories"
            raise StackError(f"Maven Central does not give {jar.artifact} {jar.version}: try again later.") from error
        if not _matches(target, jar):
            target.unlink(missing_ok=True)
            raise StackError(
                f"{target.name} arrived with another checksum than the locked one and was deleted: start again;"
                " if it stays so, a proxy changes downloads."
            )
    return jar


def _matches(path: Path, jar: Jar) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256


def _lock() -> None:
    """Resolve the broker anew and rewrite the lock file."""
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=cache_folder() / "maven")
    inputs, transitive = context.resolver.resolve([context.create_dependency(name) for name in (KAFKA, LOG_WRITER)])
    lines = set()
    for dependency in [*inputs, *transitive]:
        if dependency.scope in ("compile", "runtime"):
            content = dependency.artifact.resolve().read_bytes()
            coordinate = f"{dependency.groupId}:{dependency.artifactId}:{dependency.version}"
            lines.add(f"{coordinate} {len(content)} sha256:{hashlib.sha256(content).hexdigest()}")
    header = [line for line in LOCK.read_text().splitlines() if line.startswith("#")]
    LOCK.write_text("\n".join([*header, *sorted(lines)]) + "\n")


if __name__ == "__main__":
    _lock()
