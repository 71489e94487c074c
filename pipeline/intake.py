"""Step 1's decoding: records to usable values, and bad input set aside as values."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

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

    `learn_clients` brings `knows_client` up to date with Postgres.
    """

    knows_client: Callable[[int], bool]
    knows_currency: Callable[[str | None], bool]
    age_max_ms: int
    bytes_max: int
    learn_clients: Callable[[], Awaitable[None]] | None = None

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
            value = self._value(record)
            if type(value) is Transaction or type(value) is ForwardedLabel:
                intake.usable.append(Usable(record.offset, record.value or b"", value))
            elif type(value) is Rejection:
                intake.rejected.append(Rejected(record, value))
        return intake

    def _value(self, record: LogRecord) -> Transaction | ForwardedLabel | Rejection:
        if record.rejection is not None:
            return record.rejection
        if record.is_label:
            label = decode_forwarded(record.value)
            return self._of_known_client(label) if type(label) is ForwardedLabel else label
        if record.value and len(record.value) > self.bytes_max:
            return Rejection(DeadLetterReason.TOO_LARGE, f"{len(record.value)} bytes; {self.bytes_max} are allowed")
        value = decode_transaction(record.value)
        if type(value) is not Transaction:
            return value
        # Only on the way in: what was stored before this rule can still be read.
        if complaint := complaint_about_message(record.value or b"", "timestamp") or complaint_about_ids(value):
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
