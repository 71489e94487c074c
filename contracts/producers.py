"""Who wrote a message, and for whom they may: a signature in its headers.

Kafka checks who writes to a topic, but a record does not carry that name further. So where several producers share the
input topics, each signs its messages with a secret of its own; without it nobody can write in its name, and
what it signs can only name its own clients. A message sent again by somebody else is a repeat, which is decided once.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

PRODUCER_HEADER = "riskstream-producer"
SIGNATURE_HEADER = "riskstream-signature"
OWN_NAME = "riskstream"  # what this installation publishes itself, for every client

Headers = list[tuple[str, bytes | None]]
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECRET = re.compile(r"[A-Za-z0-9._~+/=-]{16,256}")  # it stands in files of Java as it is


class Producer(NamedTuple):
    """What a producer signs with (any of these), and the clients that it writes for; None: all of them."""

    secrets: tuple[bytes, ...]
    clients: frozenset[int] | None


class Signer(NamedTuple):
    """Signs messages in one producer's name."""

    name: str
    secret: bytes

    def headers(self, topic: str, key: bytes | None, value: bytes | None) -> Headers:
        """The headers to send a message to `topic` with."""
        signature = _signature(self.secret, topic, key, value)
        return [(PRODUCER_HEADER, self.name.encode()), (SIGNATURE_HEADER, signature)]


class Producers:
    """The producers of the input topics, by name."""

    def __init__(self, known: Mapping[str, Producer]) -> None:
        self._known = known

    @property
    def names(self) -> list[str]:
        """Of the producers besides this installation."""
        return sorted(set(self._known) - {OWN_NAME})

    def complaint(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
        client_id: int,
    ) -> str | None:
        """Why a message that names a client must not be used; None if it may be."""
        names = [content or b"" for name, content in headers if name == PRODUCER_HEADER]
        signatures = [content or b"" for name, content in headers if name == SIGNATURE_HEADER]
        if not names or not signatures:
            return "the message is not signed by a producer"
        name = names[-1].decode("utf-8", "replace")  # the last: a replayed message carries its first ones, too
        producer = self._known.get(name)
        if producer is None:
            return f"there is no producer {name[:64]!r}"
        expected = (_signature(secret, topic, key, value) for secret in producer.secrets)
        if not any(hmac.compare_digest(each, signatures[-1]) for each in expected):
            return f"the signature is not that of producer {name!r}"
        if producer.clients is not None and client_id not in producer.clients:
            return f"producer {name!r} does not write for client {client_id}"
        return None


def parse_producers(text: str) -> dict[str, Producer]:
    """`bank-a=1,2:SECRET;bank-b=3:SECRET` as producers by name. Raises ValueError with what is wrong."""
    found: dict[str, Producer] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, rest = part.partition("=")
        clients, colon, secret = rest.partition(":")
        numbers = [number.strip() for number in clients.split(",")]
        are_numbers = all(number.isascii() and number.isdigit() for number in numbers)
        if not equals or not colon or not _NAME.fullmatch(name) or not are_numbers:
            raise ValueError("each producer is written name=client,client:secret, and they are separated by ;")
        if name == OWN_NAME or name in found:
            raise ValueError(f"the producer {name} is named twice, or is this installation itself")
        if not _SECRET.fullmatch(secret):
            raise ValueError(f"the secret of producer {name} must have 16 or more letters, digits, or of ._~+/=-")
        found[name] = Producer((secret.encode(),), frozenset(map(int, numbers)))
    return found


def own_secret(secret_key: str) -> str:
    """What this installation signs with, derived from its SECRET_KEY."""
    return hmac.new(secret_key.encode(), b"riskstream kafka producer", hashlib.sha256).hexdigest()


def _signature(secret: bytes, topic: str, key: bytes | None, value: bytes | None) -> bytes:
    """HMAC-SHA-256 in hex of topic, NUL, the key's length (- for none), NUL, key, value."""
    length = "-" if key is None else str(len(key))
    message = b"%b\0%b\0%b%b" % (topic.encode(), length.encode(), key or b"", value or b"")
    return hmac.new(secret, message, hashlib.sha256).hexdigest().encode()
