"""What `ENVIRONMENT=production` refuses at the start of every program: each finding with its remedy."""

import os
import re
from collections.abc import Iterator
from ipaddress import ip_network
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, urlsplit

from contracts.producers import parse_producers

if TYPE_CHECKING:
    from settings import Settings

SECRET_KEY_LENGTH_MIN = 32
PRODUCER_SECRET_LENGTH_MIN = 16  # as `parse_producers` asks for in any environment
PROVIDER_SECRET_LENGTH_MIN = 16
PASSWORD_LENGTH_MIN = 12  # of a store, which only our own programs reach
DISTINCT_MIN = 10  # characters of a long secret; 32 random hexadecimal digits have fewer once in 100,000
DISTINCT_TRIPLES_MIN = 0.7  # of all triples; a random secret has almost as many different ones as it has triples
STEPS_MAX = 0.5  # of neighbours that are equal or follow each other, as in 1234 and abcd
# Six letters or more: by chance they stand in one of a hundred million random secrets.
EXAMPLE_WORDS = tuple(
    "secret changeme change-me change_me password passwort example riskstream placeholder insecure development"
    " your-key your_key yourkey replace-me replace_me replaceme shown-once postgres default random".split()
)
IPV4_PREFIX_MIN, IPV6_PREFIX_MIN = 16, 48  # of a network of proxies; a wider one holds machines that are none
VERIFYING_TLS = frozenset({"require", "verify-ca", "verify-full"})
REASON_WORDS_MIN = 3

_ORIGIN = re.compile(r"https://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)
MAKE_ONE = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"


def weaknesses(settings: "Settings") -> list[str]:
    """Name everything that production refuses in these settings, each with what to do; empty where all is well."""
    return [*_weak_secrets(settings), *_weak_surroundings(settings), *_unprotected(settings)]


def unprotected_stores(settings: "Settings") -> list[str]:
    """Name the stores that are reached without a password or without TLS."""
    return [*_redis(settings), *_postgres(settings), *_kafka(settings)]


def fault_of_secret(secret: str, length_min: int = SECRET_KEY_LENGTH_MIN) -> str | None:
    """Say why a secret could be guessed; None if it looks random."""
    if len(secret) < length_min:
        return f"it has {len(secret)} characters"
    folded = secret.casefold()
    word = next((word for word in EXAMPLE_WORDS if word in folded), None)
    if word is not None:
        return f"it is an example: it holds the word {word!r}"
    if len(set(secret)) < min(DISTINCT_MIN, len(secret) // 2):
        return "it has few different characters"
    triples = [secret[at : at + 3] for at in range(len(secret) - 2)]
    if len(set(triples)) < DISTINCT_TRIPLES_MIN * len(triples):
        return "it repeats itself"
    steps = sum(abs(ord(after) - ord(before)) <= 1 for before, after in pairwise(secret))
    if steps > STEPS_MAX * (len(secret) - 1):
        return "its characters follow each other"
    return None


def _weak_secrets(settings: "Settings") -> Iterator[str]:
    fault = fault_of_secret(settings.secret_key.get_secret_value())
    if fault:
        yield (
            f"SECRET_KEY must be {SECRET_KEY_LENGTH_MIN} or more random characters when ENVIRONMENT=production"
            f" ({fault}); {MAKE_ONE}"
        )
    for number, key in enumerate(_listed(settings.secret_key_previous.get_secret_value()), 1):
        fault = fault_of_secret(key)
        if fault:
            yield (
                f"SECRET_KEY_PREVIOUS must not hold a weak key: of its key number {number}, {fault}; take it out"
                " (sessions that it signed end, and API keys that it hashed have to be made again)"
            )
    fault = fault_of_secret(settings.card_token_key.get_secret_value())
    if settings.card_token_key.get_secret_value() and fault:
        yield f"CARD_TOKEN_KEY must be {SECRET_KEY_LENGTH_MIN} or more random characters ({fault}); {MAKE_ONE}"
    provider = settings.oidc_client_secret.get_secret_value()
    fault = fault_of_secret(provider, PROVIDER_SECRET_LENGTH_MIN) if provider else None
    if fault:
        yield f"OIDC_CLIENT_SECRET must be random ({fault}); have the provider make another one"
    yield from _weak_producers(settings)


def _weak_producers(settings: "Settings") -> Iterator[str]:
    try:
        producers = parse_producers(settings.kafka_producers.get_secret_value())
    except ValueError:
        return  # the settings say themselves what is wrong with it
    secrets = {f"KAFKA_PRODUCERS: the secret of {name}": each.secrets[0].decode() for name, each in producers.items()}
    if own := settings.kafka_producer_secret.get_secret_value():
        secrets["KAFKA_PRODUCER_SECRET"] = own
    for name, secret in secrets.items():
        if fault := fault_of_secret(secret, PRODUCER_SECRET_LENGTH_MIN):
            yield f"{name} could be guessed ({fault}); {MAKE_ONE}"


def _weak_surroundings(settings: "Settings") -> Iterator[str]:
    if settings.debug:
        yield "DEBUG must be false: tracebacks hold what was being worked on; unset DEBUG"
    if settings.log_level == "DEBUG":
        yield "LOG_LEVEL must not be DEBUG: libraries then log what they send, people's data included; set INFO"
    for proxy in _listed(settings.trusted_proxies):
        if fault := _fault_of_proxy(proxy):
            yield (
                f"TRUSTED_PROXIES: {proxy} {fault}; name the proxies' own addresses, or a network of theirs"
                f" of /{IPV4_PREFIX_MIN} (IPv6: /{IPV6_PREFIX_MIN}) or smaller"
            )
    for origin in _listed(settings.cors_origins):
        if not _ORIGIN.fullmatch(origin):
            yield (
                f"CORS_ORIGINS: {origin} is no origin that can be trusted (null is any sandboxed page, * is everybody,"
                " http:// can be changed on its way); name each as https://host"
            )
    if settings.sentry_dsn and urlsplit(settings.sentry_dsn).scheme != "https":
        yield "SENTRY_DSN must begin with https://: reports of errors would travel in the clear"


def _fault_of_proxy(proxy: str) -> str | None:
    try:
        network = ip_network(proxy, strict=False)
    except ValueError:
        return "believes everybody" if proxy == "*" else "is neither an address nor a network"
    least = IPV4_PREFIX_MIN if network.version == 4 else IPV6_PREFIX_MIN
    return "is so wide that others than proxies are in it" if network.prefixlen < least else None


def _unprotected(settings: "Settings") -> Iterator[str]:
    found = unprotected_stores(settings)
    reason = settings.unprotected_stores
    if not found:
        return
    if not reason:
        yield from (
            f"{each}, or say in UNPROTECTED_STORES why the way to the stores is safe (a reason in words, which is"
            " logged at each start)"
            for each in found
        )
    elif len(reason.split()) < REASON_WORDS_MIN:
        yield f'UNPROTECTED_STORES must be a reason in words, such as "private network of one host", not {reason!r}'


def _redis(settings: "Settings") -> Iterator[str]:
    address = urlsplit(settings.redis_url)
    query = parse_qs(address.query)
    yield from _fault_of_password("REDIS_URL", "rediss://:PASSWORD@host", address.password or _first(query, "password"))
    if address.scheme != "unix" and (address.scheme != "rediss" or _first(query, "ssl_cert_reqs") == "none"):
        yield "REDIS_URL is without TLS that is checked: write it as rediss://, without ssl_cert_reqs=none"


def _postgres(settings: "Settings") -> Iterator[str]:
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL"):
        address = urlsplit(getattr(settings, name.lower()))
        if not address.scheme:
            continue
        query = parse_qs(address.query)
        if not (_first(query, "passfile") or _first(query, "sslcert") or os.environ.get("PGPASSFILE")):
            password = address.password or _first(query, "password") or os.environ.get("PGPASSWORD")
            yield from _fault_of_password(name, "postgresql://user:PASSWORD@host/database", password)
        mode = _first(query, "sslmode") or os.environ.get("PGSSLMODE", "prefer")
        if not _is_socket(address) and mode not in VERIFYING_TLS:
            yield f"{name} is without certain TLS (sslmode={mode}): add ?sslmode=verify-full (or verify-ca, require)"


def _kafka(settings: "Settings") -> Iterator[str]:
    protocol = settings.kafka_security_protocol
    if protocol.startswith("SASL"):
        password = settings.kafka_sasl_password.get_secret_value()
        yield from _fault_of_password("KAFKA_SASL_PASSWORD", "a password for KAFKA_SASL_USERNAME", password)
    elif protocol != "SSL" or not settings.kafka_ssl_certfile:
        yield (
            f"KAFKA_SECURITY_PROTOCOL={protocol} signs in nobody: set it to SASL_SSL with KAFKA_SASL_USERNAME and"
            " KAFKA_SASL_PASSWORD, or to SSL with KAFKA_SSL_CERTFILE"
        )
    if not protocol.endswith("SSL"):
        yield f"KAFKA_SECURITY_PROTOCOL={protocol} is without TLS: set it to SASL_SSL or SSL"


def _fault_of_password(name: str, form: str, password: str | None) -> Iterator[str]:
    if not password:
        yield f"{name} has no password: write {form}"
    elif fault := fault_of_secret(password, PASSWORD_LENGTH_MIN):
        yield f"{name} has a password that could be guessed ({fault}); {MAKE_ONE}"


def _is_socket(address: SplitResult) -> bool:
    """Whether Postgres is reached through a socket in the file system."""
    host = _first(parse_qs(address.query), "host")
    return host.startswith("/") if host else not address.hostname


def _first(query: dict[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0]


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
