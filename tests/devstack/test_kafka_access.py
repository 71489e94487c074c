"""The embedded broker with SASL and rights, as `riskstream up` runs it where KAFKA_SECURITY_PROTOCOL asks for it."""

import asyncio
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from contracts.errors import StackError, StoreUnavailable
from devstack import kafka
from devstack.home import Home
from devstack.part import Part
from devstack.ports import choose
from devstack.servers import PORT_SETTINGS, _kafka_access
from riskstream_client.connection import connection_arguments
from scoring_worker.kafka_rights import ensure_rights
from scoring_worker.topics import ensure_topics
from settings import Settings

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
BANK = "bank-a=1:a-long-secret-of-bank-a"
BANK_PASSWORD = "a-long-secret-of-bank-a"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A broker of its own, and the settings of the one who runs it."""
    home = Home(tmp_path_factory.mktemp("sasl"))
    home.prepare()
    asked = settings_of(secret_key="k" * 40)
    access = _kafka_access(home, asked)
    assert access is not None
    ports = choose({}, {}, PORT_SETTINGS)
    part = Part(kafka.spec(home, ports["kafka"], ports["kafka-controller"], 2_000_000, access), home)
    part.start()
    try:
        part.wait_ready()
        yield settings_of(
            riskstream_home=home.root,
            secret_key="k" * 40,
            kafka_bootstrap_servers=f"127.0.0.1:{ports['kafka']}",
            kafka_sasl_mechanism="PLAIN",
            kafka_sasl_username=access.user,
            kafka_sasl_password=access.password,
        )
    finally:
        part.stop()


def settings_of(**values: object) -> Settings:
    return Settings(_env_file=None, kafka_security_protocol="SASL_PLAINTEXT", kafka_producers=BANK, **values)


@pytest.fixture
async def ready(broker: Settings) -> Settings:
    await ensure_topics(broker)
    assert await ensure_rights(broker) in (0, 2)
    async with asyncio.timeout(30), AIOKafkaProducer(**as_bank(broker)) as producer:
        await allowed(producer, broker.topics.labels)
    return broker


def as_bank(settings: Settings, password: str = BANK_PASSWORD) -> dict[str, object]:
    return connection_arguments(
        settings.kafka_bootstrap_servers, security_protocol="SASL_PLAINTEXT", sasl_mechanism="PLAIN",
        sasl_username="bank-a", sasl_password=password,
    )  # fmt: skip


async def test_a_producer_may_write_to_the_inputs_and_nowhere_else(ready: Settings) -> None:
    topics = ready.topics
    async with AIOKafkaProducer(**as_bank(ready)) as producer:
        for topic in (topics.transactions, topics.labels):
            assert (await producer.send_and_wait(topic, b"{}")).offset >= 0
        for topic in (topics.dead_letters, topics.decisions, topics.alerts):
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait(topic, b"{}")
    async with AIOKafkaConsumer(**as_bank(ready)) as consumer:
        consumer.subscribe([topics.transactions])
        with pytest.raises(TopicAuthorizationFailedError):
            await consumer.getone()


@pytest.mark.parametrize("how", ["wrong password", "nobody"])
async def test_who_does_not_sign_in_is_let_nowhere(ready: Settings, how: str) -> None:
    arguments = (
        as_bank(ready, "wrong") if how == "wrong password" else connection_arguments(ready.kafka_bootstrap_servers)
    )
    producer = AIOKafkaProducer(**arguments | {"request_timeout_ms": 2_000})
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()


async def test_rights_are_given_by_who_may(ready: Settings) -> None:
    bank = settings_of(
        secret_key="k" * 40, kafka_bootstrap_servers=ready.kafka_bootstrap_servers, kafka_sasl_mechanism="PLAIN",
        kafka_sasl_username="bank-a", kafka_sasl_password=BANK_PASSWORD,
    )  # fmt: skip
    assert await ensure_rights(bank) == 0, "a producer cannot give itself any"
    with pytest.raises(StoreUnavailable):
        await ensure_topics(bank)


async def test_its_files_are_its_owners_only(ready: Settings) -> None:
    async with AIOKafkaProducer(**as_bank(ready)) as producer:
        await producer.send_and_wait(ready.topics.transactions, b"{}")
    folder = ready.riskstream_home / "kafka"
    found = [folder, *folder.rglob("*")]
    assert any(path.suffix == ".log" for path in found)
    assert [path for path in found if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)] == []


def test_files_of_an_earlier_version_are_closed(tmp_path: Path) -> None:
    folder = tmp_path / "kafka" / "data"
    folder.mkdir(parents=True, mode=0o755)
    (folder / "0.log").write_text("payments")
    (folder / "0.log").chmod(0o644)
    kafka._close_to_others(tmp_path / "kafka")
    assert stat.S_IMODE((folder / "0.log").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "changes", [{"kafka_security_protocol": "SASL_SSL"}, {"kafka_sasl_mechanism": "SCRAM-SHA-512"}]
)
def test_what_the_embedded_broker_does_not_speak_is_said(tmp_path: Path, changes: dict[str, str]) -> None:
    home = Home(tmp_path)
    settings = settings_of(secret_key="k" * 40).model_copy(update=changes)
    settings.model_fields_set.update(changes)
    with pytest.raises(StackError, match="SASL_PLAINTEXT with the mechanism PLAIN"):
        _kafka_access(home, settings)


async def test_the_brokers_settings_of_compose_do_the_same(tmp_path: Path) -> None:
    """No container engine is needed: the same settings on the embedded broker."""
    path = Path(__file__).parents[2] / "docker-compose.yml"
    environment = yaml.safe_load(path.read_text(encoding="utf-8"))["services"]["kafka"]["environment"]
    given = {"KAFKA_PASSWORD": "our-own-password", "KAFKA_PRODUCER_USERS": f'user_bank-a="{BANK_PASSWORD}"'}
    ports = choose({}, {}, dict.fromkeys(("9092", "9093", "9094"), "KAFKA_BOOTSTRAP_SERVERS"))

    def here(value: object) -> str:
        text = re.sub(r"\$\{(\w+)[^}]*\}", lambda found: given.get(found[1], ""), str(value))
        text = re.sub(r"//:|kafka:", lambda found: found[0].replace(":", "127.0.0.1:").replace("kafka", ""), text)
        return re.sub(r":(909\d)\b", lambda found: f":{ports[found[1]]}", text)

    values = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): here(value)
        for name, value in environment.items()
        if name.startswith("KAFKA_") and name not in ("KAFKA_HEAP_OPTS", "KAFKA_LOG_RETENTION_HOURS")
    }
    values["advertised.listeners"] = f"BROKER://127.0.0.1:{ports['9092']},OUTSIDE://127.0.0.1:{ports['9094']}"
    values["log.dirs"] = str(tmp_path / "kafka" / "data")
    home = Home(tmp_path)
    home.prepare()
    template = "".join(f"{name}={value}\n" for name, value in values.items()).replace("{", "{{").replace("}", "}}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kafka, "PROPERTIES", template)
        part = Part(kafka.spec(home, ports["9094"], ports["9093"], 2_000_000), home)
    part.start()
    try:
        part.wait_ready()
        ours = settings_of(
            secret_key="k" * 40, kafka_bootstrap_servers=f"127.0.0.1:{ports['9092']}", kafka_sasl_mechanism="PLAIN",
            kafka_sasl_username="riskstream", kafka_sasl_password="our-own-password",
        )  # fmt: skip
        await ensure_topics(ours)
        assert await ensure_rights(ours) == 2
        bank = {**as_bank(ours), "bootstrap_servers": f"127.0.0.1:{ports['9094']}"}
        async with asyncio.timeout(30), AIOKafkaProducer(**bank) as producer:
            await allowed(producer, ours.topics.transactions)
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait(ours.topics.decisions, b"{}")
        nobody = AIOKafkaProducer(bootstrap_servers=f"127.0.0.1:{ports['9094']}", request_timeout_ms=2_000)
        with pytest.raises(KafkaError):
            await nobody.start()
        await nobody.stop()
    finally:
        part.stop()


async def allowed(producer: AIOKafkaProducer, topic: str) -> None:
    """Write until it is allowed: the broker hears of a new right a moment after its controller."""
    while True:
        with suppress(TopicAuthorizationFailedError):
            await producer.send_and_wait(topic, b"{}")
            return
