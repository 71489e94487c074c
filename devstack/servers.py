"""The three servers of the stack, on free ports of this machine: what runs where, and under which names it is found."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from contracts.errors import StackError
from contracts.producers import OWN_NAME, own_secret, parse_producers
from contracts.topics import DEAD_LETTER_SIZE_FACTOR
from devstack import kafka, postgres, redis
from devstack.home import Home
from devstack.part import Part, end_leftovers
from devstack.ports import HOST, choose
from settings import Settings

Ready = Callable[[], bool]
HEADER_ROOM_BYTES = 16_384  # beside the largest dead letter: its reason, its headers, the batch around it
LOOPBACK = ("127.0.0.1", "localhost", "::1")
OWNERS_ADDRESS = "MIGRATION_DATABASE_URL"  # of migrations and operators' commands; no program that stays gets it
PORT_SETTINGS = {
    "kafka": "KAFKA_BOOTSTRAP_SERVERS",
    "kafka-controller": "KAFKA_BOOTSTRAP_SERVERS",
    "redis": "REDIS_URL",
    "postgres": "DATABASE_URL",
}


@dataclass(frozen=True, slots=True)
class Servers:
    """Kafka, Redis and Postgres as parts, started together; `addresses` are settings for everybody else."""

    parts: tuple[Part, ...]
    addresses: dict[str, str]

    def start(self) -> None:
        """Start all at once and wait until each answers. Raises StackError; what was started is stopped again then."""
        try:
            for part in self.parts:
                part.start()
            for part in self.parts:
                part.wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for part in self.parts:
            part.signal_stop()
        for part in self.parts:
            part.stop()


def prepare(home: Home, settings: Settings) -> Servers:
    """End leftovers, choose ports, prepare the data folders (first time: seconds, and Kafka's download).

    The caller holds the home's lock. Raises StackError.
    """
    end_leftovers(home.run)
    ports = choose(_fixed_ports(settings), home.ports(), PORT_SETTINGS)
    home.keep_ports(ports)
    redis_password, admin_password = home.secret("REDIS_PASSWORD"), home.secret("POSTGRES_ADMIN_PASSWORD")
    bytes_max = settings.kafka_message_bytes_max * DEAD_LETTER_SIZE_FACTOR + HEADER_ROOM_BYTES
    secret_key = settings.secret_key.get_secret_value() or home.secret("SECRET_KEY")
    access = _kafka_access(home, settings)
    with ThreadPoolExecutor(1) as beside:  # Kafka and Postgres prepare their data folders at the same time
        cluster = beside.submit(postgres.spec, home, ports["postgres"], admin_password)
        others = (
            redis.spec(home, ports["redis"], redis_password),
            kafka.spec(home, ports["kafka"], ports["kafka-controller"], bytes_max, access),
        )
    specs = (cluster.result(), *others)
    addresses = {
        "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{ports['kafka']}",
        "REDIS_URL": f"redis://:{redis_password}@{HOST}:{ports['redis']}/0",
        "DATABASE_URL": postgres.url(ports["postgres"], postgres.LOGIN, home.secret("POSTGRES_LOGIN_PASSWORD")),
        OWNERS_ADDRESS: postgres.url(ports["postgres"], postgres.OWNER, home.secret("POSTGRES_PASSWORD")),
        "SECRET_KEY": secret_key,
    }
    if access:
        addresses |= {
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA_SASL_MECHANISM": "PLAIN",
            "KAFKA_SASL_USERNAME": access.user,
            "KAFKA_SASL_PASSWORD": access.password,
        }
    if settings.kafka_producers.get_secret_value():
        addresses |= {"KAFKA_PRODUCER_NAME": OWN_NAME, "KAFKA_PRODUCER_SECRET": own_secret(secret_key)}
    return Servers(tuple(Part(spec, home) for spec in specs), addresses)


def ensure_database(home: Home) -> None:
    """Make the role and the database at the first start."""
    ports = home.ports()
    postgres.ensure_database(
        ports["postgres"], home.secret("POSTGRES_ADMIN_PASSWORD"), home.secret("POSTGRES_PASSWORD")
    )


def _kafka_access(home: Home, settings: Settings) -> kafka.Access | None:
    """Ourselves and the producers of KAFKA_PRODUCERS, if SASL is asked for. Raises StackError."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return None
    asks_plain = "kafka_sasl_mechanism" not in settings.model_fields_set or settings.kafka_sasl_mechanism == "PLAIN"
    if settings.kafka_security_protocol != "SASL_PLAINTEXT" or not asks_plain:
        raise StackError(
            "The Kafka that this command runs listens on this machine only and speaks PLAINTEXT, or SASL_PLAINTEXT"
            " with the mechanism PLAIN: set KAFKA_SECURITY_PROTOCOL to one of them and KAFKA_SASL_MECHANISM to PLAIN."
        )
    producers = parse_producers(settings.kafka_producers.get_secret_value())
    others = {name: producer.secrets[0].decode() for name, producer in producers.items()}
    return kafka.Access(OWN_NAME, home.secret("KAFKA_PASSWORD"), others)


def _fixed_ports(settings: Settings) -> dict[str, int]:
    """Ports that were set on purpose. Raises StackError if an address names another machine."""
    addresses = {
        "kafka": f"//{settings.kafka_bootstrap_servers.split(',')[0]}",
        "redis": settings.redis_url,
        "postgres": settings.database_url,
    }
    fixed = {}
    for name, address in addresses.items():
        setting = PORT_SETTINGS[name]
        if setting.lower() not in settings.model_fields_set:
            continue
        parsed = urlsplit(address)
        if parsed.hostname not in LOOPBACK:
            raise StackError(
                f"{setting} names another machine ({parsed.hostname}), and this command runs its own {name.title()}"
                f" here: unset {setting}, or run `riskstream worker` and `riskstream api` against that machine."
            )
        fixed[name] = parsed.port or 0
    return fixed
