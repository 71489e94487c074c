"""The feed's messages and close codes (DESIGN section 6)."""

from enum import IntEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.decision import Alert, RiskLevel

MESSAGE_BYTES_MAX = 32 * 1024  # from a client; a hello is a few hundred bytes, one with full filters some 25,000
FILTER_VALUES_MAX = 50  # of one condition; a desk that watches more takes the whole feed

Values = Annotated[frozenset[Annotated[str, Meta(min_length=1, max_length=128)]], Meta(max_length=FILTER_VALUES_MAX)]


class Close(IntEnum):
    """Why the server ends a feed; each close carries a sentence too."""

    BAD_HELLO = 1008
    TRY_AGAIN_LATER = 1013
    NOT_AUTHENTICATED = 4401
    NO_HELLO = 4408
    TOO_SLOW = 4409


class Filter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which alerts to send: those that meet every condition; of a list one value is enough. None is no condition."""

    severity: frozenset[RiskLevel] | None = None
    score_min: Annotated[float, Meta(ge=0, le=100)] | None = None
    account: Values | None = None
    merchant: Values | None = None
    device: Values | None = None

    def passes(self, alert: Alert) -> bool:
        return (
            (self.severity is None or alert.severity in self.severity)
            and (self.score_min is None or alert.risk_score >= self.score_min)
            and (self.account is None or alert.account in self.account)
            and (self.merchant is None or alert.merchant_id in self.merchant)
            and (self.device is None or alert.device_id in self.device)
        )


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The client's first message. `resume_from`: the last `seq` that it has; None: only what is new."""

    ticket: Annotated[str, Meta(max_length=256)] | None = None
    resume_from: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    filter: Filter = Filter()


# Every message of the server carries `seq`: up to there the client has everything, and may resume from it.


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The feed has begun; alerts follow from number `seq` + 1 on."""

    seq: int


class AlertMessage(msgspec.Struct, frozen=True, tag="alert"):
    seq: int
    alert: Alert


class Gap(msgspec.Struct, frozen=True, tag="gap"):
    """Alerts that were asked for are no longer kept: those from `missing_from` to `seq`, both included."""

    seq: int
    missing_from: int


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """The feed is alive; nothing up to `seq` is outstanding, what the filter left out included."""

    seq: int


_hello = msgspec.json.Decoder(Hello)
_encode = msgspec.json.Encoder().encode


def decode_hello(text: str | bytes) -> Hello | None:
    """The client's hello, or None if it is not one."""
    try:
        return _hello.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def frame(message: Ready | AlertMessage | Gap | Heartbeat) -> str:
    """One text frame. An alert's is encoded once, and sent to every socket of the client."""
    return _encode(message).decode()
