"""Step 1's decoding: records to usable values, and bad input set aside as values."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from contracts.card_policy import REFUSE, CardPolicy
from contracts.deadletter import DeadLetterReason, Rejection
from contracts.label import ForwardedLabel, decode_forwarded
from contracts.log import LogRecord
from contracts.look_alikes import complaint_about_ids
from contracts.rfc3339 import complaint_about_message
from contracts.transaction import Transaction, decode_transaction, reject_for_time

_T = TypeVar("_T", Transaction, ForwardedLabel)


class Usable(NamedTuple):
    """One usable record: its offset, original bytes and value."""

    offset: int
    body: bytes
    value: Transaction | ForwardedLabel


class Rejected(NamedTuple):
    """One record for the dead-letter topic, and why."""

    record: LogRecord
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class Intake:
    """What a batch of records holds, in log order."""

    usable: list[Usable] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gate:
    """What is let in besides being valid: known clients, currencies with a rate, sane event times, sizes.

    `learn_clients` brings `knows_client` up to date with Postgres. With `cards` that make tokens, the body of what is
    usable holds them; else it is the record's, byte for byte.
    """

    knows_client: Callable[[int], bool]
    knows_currency: Callable[[str | None], bool]
    age_max_ms: int
    bytes_max: int
    learn_clients: Callable[[], Awaitable[None]] | None = None
    cards: CardPolicy = REFUSE

    async def let_in(self, records: Sequence[LogRecord]) -> Intake:
        """As `admit`, but a client that seems unknown is looked up first: it may have registered a moment ago.

        Raises StoreUnavailable.
        """
        intake = self.admit(records)
        unknown = any(item.rejection.reason is DeadLetterReason.UNKNOWN_CLIENT for item in intake.rejected)
        if not unknown or self.learn_clients is None:
            return intake
        await self.learn_clients()
        return self.admit(records)

    def admit(self, records: Sequence[LogRecord]) -> Intake:
        """Decode and check a batch. Never raises on bad input."""
        intake = Intake()
        for record in records:
            body = self._body(record)
            if isinstance(body, Rejection):
                intake.rejected.append(Rejected(record, body))
                continue
            value = self._value(record, body)
            if type(value) is Transaction or type(value) is ForwardedLabel:
                intake.usable.append(Usable(record.offset, body, value))
            elif type(value) is Rejection:
                intake.rejected.append(Rejected(record, value))
        return intake

    def _body(self, record: LogRecord) -> bytes | Rejection:
        """The message as it may be stored."""
        if record.rejection is not None:
            return record.rejection
        body = record.value or b""
        if not record.is_label and len(body) > self.bytes_max:
            return Rejection(DeadLetterReason.TOO_LARGE, f"{len(body)} bytes; {self.bytes_max} are allowed")
        return body if record.is_label else self.cards.applied(body)  # our own copy of what was stored already

    def _value(self, record: LogRecord, body: bytes) -> Transaction | ForwardedLabel | Rejection:
        if record.is_label:
            label = decode_forwarded(body)
            return self._of_known_client(label) if type(label) is ForwardedLabel else label
        value = decode_transaction(body)
        if type(value) is not Transaction:
            return value
        # Only on the way in: what was stored before this rule can still be read.
        if complaint := complaint_about_message(body, "timestamp") or complaint_about_ids(value):
            return Rejection(DeadLetterReason.INVALID_FIELD, complaint)
        return self._known(value, record.append_ms)

    def _of_known_client(self, value: _T) -> _T | Rejection:
        if self.knows_client(value.client_id):
            return value
        return Rejection(DeadLetterReason.UNKNOWN_CLIENT, f"there is no client {value.client_id}")

    def _known(self, value: Transaction, append_ms: int) -> Transaction | Rejection:
        if type(known := self._of_known_client(value)) is Rejection:
            return known
        if not self.knows_currency(value.currency):
            detail = f"no rate for {value.currency} in CURRENCY_RATES; add it and replay"
            return Rejection(DeadLetterReason.NO_EXCHANGE_RATE, detail)
        return reject_for_time(value.event_time_ms, append_ms, self.age_max_ms) or value
