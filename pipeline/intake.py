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

    `learn_clients` brings `knows_client` up to date with Postgres. With `cards` that make tokens, the body of what is
    usable holds them; else it is the record's, byte for byte.
    """

    knows_client: Callable[[int], bool]
    knows_currency: Callable[[str | None], bool]
    age_max_ms: int
    bytes_max: int
    learn_clients: Callable[[], Awaitable[None]] | None = None
    written_labels: Callable[[Sequence[ForwardedLabel]], Awaitable[set[LabelKey]]] | None = None
    complaint: Callable[[LogRecord, int], str | None] | None = None  # about who wrote it, for a client
    cards: CardPolicy = REFUSE

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
        if self.complaint is not None and (why := self.complaint(record, value.client_id)):
            return Rejection(DeadLetterReason.NOT_AUTHORISED, why)
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
