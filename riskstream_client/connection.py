"""How to reach Kafka, as keyword arguments that aiokafka's clients share."""

from collections.abc import Mapping
from typing import Any

from aiokafka.helpers import create_ssl_context

from contracts.producers import OWN_NAME, own_secret

BOOTSTRAP_SERVERS_DEFAULT = "127.0.0.1:9092"
REQUEST_TIMEOUT_MS = 30_000  # outlives a broker's restart; then the caller hears of it


def connection_arguments(
    bootstrap_servers: str,
    *,
    security_protocol: str = "PLAINTEXT",
    sasl_mechanism: str = "SCRAM-SHA-512",
    sasl_username: str = "",
    sasl_password: str = "",
    ssl_cafile: str = "",
    ssl_certfile: str = "",
    ssl_keyfile: str = "",
) -> dict[str, Any]:
    """Arguments for AIOKafkaProducer, AIOKafkaConsumer and AIOKafkaAdminClient.

    Raises OSError or ssl.SSLError when a certificate file cannot be read.
    """
    arguments: dict[str, Any] = {
        "bootstrap_servers": bootstrap_servers,
        "security_protocol": security_protocol,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
    }
    if security_protocol.endswith("SSL"):
        arguments["ssl_context"] = create_ssl_context(
            cafile=ssl_cafile or None, certfile=ssl_certfile or None, keyfile=ssl_keyfile or None
        )
    if security_protocol.startswith("SASL"):
        arguments["sasl_mechanism"] = sasl_mechanism
        arguments["sasl_plain_username"] = sasl_username
        arguments["sasl_plain_password"] = sasl_password
    return arguments


def connection_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """What `Publisher` needs, from the environment's names (`KAFKA_SASL_USERNAME` …).

    Where messages have to be signed and no producer is named, the installation's own SECRET_KEY signs.
    """
    names = {
        "bootstrap_servers": "KAFKA_BOOTSTRAP_SERVERS",
        "security_protocol": "KAFKA_SECURITY_PROTOCOL",
        "sasl_mechanism": "KAFKA_SASL_MECHANISM",
        "sasl_username": "KAFKA_SASL_USERNAME",
        "sasl_password": "KAFKA_SASL_PASSWORD",  # the name of a setting  # nosec B105
        "ssl_cafile": "KAFKA_SSL_CAFILE",
        "ssl_certfile": "KAFKA_SSL_CERTFILE",
        "ssl_keyfile": "KAFKA_SSL_KEYFILE",
        "producer_name": "KAFKA_PRODUCER_NAME",
        "producer_secret": "KAFKA_PRODUCER_SECRET",  # the name of a setting  # nosec B105
    }
    found = {argument: environment[name] for argument, name in names.items() if environment.get(name)}
    if environment.get("KAFKA_PRODUCERS") and environment.get("SECRET_KEY") and "producer_name" not in found:
        found |= {"producer_name": OWN_NAME, "producer_secret": own_secret(environment["SECRET_KEY"])}
    return {"bootstrap_servers": BOOTSTRAP_SERVERS_DEFAULT, **found}
