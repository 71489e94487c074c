"""The feed's messages and close codes (DESIGN section 6)."""

from enum import IntEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.decision import Alert

MESSAGE_BYTES_MAX = 16 * 1024  # from a client; a hello is a few hundred bytes


class Close(IntEnum):
    """Why the server ends a feed; each close carries a sentence too."""

    BAD_HELLO = 1008
    TRY_AGAIN_LATER = 1013
    NOT_AUTHENTICATED = 4401
    NO_HELLO = 4408
    TOO_SLOW = 4409


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The client's first message. `resume_from`: the last sequence number that it has; None: only what is new."""

    ticket: Annotated[str, Meta(max_length=256)] | None = None
    resume_from: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The feed has begun; the next alert is number `seq` + 1."""

    seq: int


class AlertMessage(msgspec.Struct, frozen=True, tag="alert"):
    seq: int
    alert: Alert


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """Nothing happened, and the feed is alive."""


_hello = msgspec.json.Decoder(Hello)
_encode = msgspec.json.Encoder().encode


def decode_hello(text: str | bytes) -> Hello | None:
    """The client's hello, or None if it is not one."""
    try:
        return _hello.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def frame(message: Ready | AlertMessage | Heartbeat) -> str:
    """One text frame. Encoded once, and sent to every socket of the client."""
    return _encode(message).decode()


HEARTBEAT = frame(Heartbeat())
