"""From a request's bytes to a transaction, by the decoder of the stream, and to the message that it stands for."""

from typing import NamedTuple

import msgspec

from api.problems import INVALID_REQUEST, MALFORMED, TOO_LARGE, Kind
from contracts.deadletter import DeadLetterReason, Rejection
from contracts.log import LogRecord
from contracts.transaction import Transaction
from pipeline.intake import Gate

_KINDS = {
    DeadLetterReason.EMPTY: MALFORMED,
    DeadLetterReason.NOT_JSON: MALFORMED,
    DeadLetterReason.NOT_UTF8: MALFORMED,
    DeadLetterReason.TOO_LARGE: TOO_LARGE,
}


class Refusal(NamedTuple):
    """Why a request is not scored."""

    kind: Kind
    detail: str


class Usable(NamedTuple):
    """A transaction that can be scored, and its message as it would stand on the log, with its client."""

    body: bytes
    transaction: Transaction
    dry_run: bool


class _Options(msgspec.Struct):
    """What a request says beside the transaction."""

    client_id: int | None = None
    dry_run: bool = False


_options = msgspec.json.Decoder(_Options)


def read(raw: bytes, client_id: int, now_ms: int, gate: Gate) -> Usable | Refusal:
    """Never raises on bad input. The client is the credential's; a body that names another one is refused."""
    try:
        options = _options.decode(raw)
    except msgspec.ValidationError as error:
        return Refusal(INVALID_REQUEST, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        options = _Options()  # the transaction's decoder says it better
    if options.client_id not in (None, client_id):
        return Refusal(INVALID_REQUEST, "the credentials are another client's - at `$.client_id`")
    body = raw if options.client_id is not None else _with_client(raw, client_id)
    intake = gate.admit([LogRecord(0, 0, now_ms, None, body)])
    if intake.rejected:
        return _refusal(intake.rejected[0].rejection)
    usable = intake.usable[0]
    assert isinstance(usable.value, Transaction)
    return Usable(usable.body, usable.value, options.dry_run)


def _with_client(raw: bytes, client_id: int) -> bytes:
    """The same message with the client in it, every other byte as it came: so it means the same wherever it is read."""
    start = raw.lstrip(b" \t\r\n")
    if not start.startswith(b"{") or start[1:].lstrip(b" \t\r\n").startswith(b"}"):
        return raw  # no object, or an empty one: refused for what it is
    return b'{"client_id":%d,' % client_id + start[1:]


def _refusal(rejection: Rejection) -> Refusal:
    return Refusal(_KINDS.get(rejection.reason, INVALID_REQUEST), rejection.detail)
