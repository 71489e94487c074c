"""How to reach Kafka, as keyword arguments that aiokafka's clients share."""

from typing import Any

from aiokafka.helpers import create_ssl_context

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
