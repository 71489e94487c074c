"""Step 1's decoding: records to usable values, and bad input set aside as values."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from contracts.deadletter import DeadLetterReason, Rejection
from contracts.label import ForwardedLabel, decode_forwarded
from contracts.log import LogRecord
from contracts.rfc3339 import complaint_about_message
from contracts.transaction import Transaction, decode_transaction, reject_for_time
from storage.label_join import LabelKey

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
    written_labels: Callable[[Sequence[ForwardedLabel]], Awaitable[set[LabelKey]]] | None = None
    complaint: Callable[[LogRecord, int], str | None] | None = None  # about who wrote it, for a client

    async def let_in(self, records: Sequence[LogRecord]) -> Intake:
        """As `admit`, but a client that seems unknown is looked up first: it may have registered a moment ago.

        And labels are let in only if the forwarder has written them: any producer can set the header that marks them,
        and would count fraud where nobody has said so, or take the place of what an analyst said. Raises
        StoreUnavailable.
        """
        intake = self.admit(records)
        unknown = any(item.rejection.reason is DeadLetterReason.UNKNOWN_CLIENT for item in intake.rejected)
        if unknown and self.learn_clients is not None:
            await self.learn_clients()
            intake = self.admit(records)
        labels = [item.value for item in intake.usable if type(item.value) is ForwardedLabel]
        if not labels or self.written_labels is None:
            return intake
        return _without_forged(intake, records, await self.written_labels(labels))

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
        if self.complaint is not None and (why := self.complaint(record, value.client_id)):
            return Rejection(DeadLetterReason.NOT_AUTHORISED, why)
        # Only on the way in: what was stored before this rule can still be read.
        if complaint := complaint_about_message(record.value or b"", "timestamp"):
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


def _without_forged(intake: Intake, records: Sequence[LogRecord], written: set[LabelKey]) -> Intake:
    """The intake, with labels that are not `written` among what is rejected."""

    def is_forged(value: Transaction | ForwardedLabel) -> bool:
        return type(value) is ForwardedLabel and (value.client_id, value.transaction_id, value.revision) not in written

    forged = {item.offset for item in intake.usable if is_forged(item.value)}
    rejection = Rejection(DeadLetterReason.NOT_AUTHORISED, "a label that the label forwarder has not written")
    rejected = [*intake.rejected, *(Rejected(record, rejection) for record in records if record.offset in forged)]
    return Intake(
        [item for item in intake.usable if item.offset not in forged], sorted(rejected, key=lambda r: r.record.offset)
    )
