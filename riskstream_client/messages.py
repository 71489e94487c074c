"""From a row's fields to the messages that are sent: the transaction, and its label where the row has one."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from contracts.deadletter import DeadLetterReason, Rejection
from contracts.field_names import value_hint
from contracts.label import Label, decode_label
from contracts.look_alikes import complaint_about_ids, complaint_about_label
from contracts.transaction import EPOCH, Transaction, decode_transaction
from riskstream_client.rows import Refused, Row
from riskstream_client.times import TimeReader, time_reader

_AT = re.compile(r" - at `\$\.(\w+)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")
_MILLISECOND = timedelta(milliseconds=1)
_TRUTH = {"1": True, "true": True, "yes": True, "y": True, "fraud": True, "t": True}
_FALSEHOOD = {"0": False, "false": False, "no": False, "n": False, "legit": False, "genuine": False, "f": False}
VERDICTS = {**_TRUTH, **_FALSEHOOD, "1.0": True, "0.0": False}

_encode = msgspec.json.Encoder().encode


class Message(NamedTuple):
    """One row, ready to send. `time_ms` is None where validation is off and the row has no readable time."""

    line: int
    key: bytes | None
    value: bytes
    time_ms: int | None
    label: bytes | None
    label_key: bytes


@dataclass(frozen=True, slots=True)
class MessageOptions:
    """What is done to every row: constants set, ids prefixed, times read and shifted, labels made."""

    constants: dict[str, Any] = field(default_factory=dict)
    client_id: int | None = None
    id_prefix: str = ""
    read_time: TimeReader = field(default_factory=lambda: time_reader("iso", UTC))
    shift: timedelta = timedelta()
    validate: bool = True
    labels: bool = False
    label_after: timedelta = timedelta()

    @property
    def changes_nothing(self) -> bool:
        """Whether a JSON line can go out as it stands (times aside, which the caller knows about)."""
        return not (self.constants or self.client_id or self.id_prefix or self.shift or self.labels)


class MessageBuilder:
    """Builds messages; `columns` (field -> the file's name) is for complaints."""

    def __init__(self, options: MessageOptions, columns: dict[str, str]) -> None:
        self._options = options
        self._columns = columns
        self._constants = dict(options.constants)
        if options.client_id is not None:
            self._constants["client_id"] = options.client_id

    def build(self, row: Row) -> Message | Refused:
        """The row's messages, or why it is refused."""
        if row.fields is None:
            return self._as_it_is(row)
        fields = {**row.fields, **self._constants} if self._constants else row.fields
        verdict, known_at = fields.pop("fraud", None), fields.pop("known_at", None)
        fields.pop("typology", None)  # the truth about a fraud is for training; a payment system does not know it
        moment = self._prepare(row, fields)
        if isinstance(moment, Refused):
            return moment
        message = self._message(row, fields, moment)
        if not (self._options.labels and verdict not in (None, "")) or isinstance(message, Refused):
            return message
        label = self._label(row, fields, moment, verdict, known_at)
        return label if isinstance(label, Refused) else message._replace(label=label)

    def moment_of(self, row: Row) -> datetime | None:
        """The row's time before any shift, or None where it has none that can be read."""
        try:
            return self._options.read_time((row.fields or {})["timestamp"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    def _prepare(self, row: Row, fields: dict[str, Any]) -> datetime | Refused | None:
        identity = fields.get("transaction_id")
        if self._options.id_prefix and identity is not None:
            fields["transaction_id"] = f"{self._options.id_prefix}{identity}"
        text = fields.get("timestamp")
        try:
            moment = self._options.read_time(text) + self._options.shift if text is not None else None
        except (ValueError, TypeError, OverflowError) as error:
            hint = value_hint("timestamp", str(text))
            reason = f"{str(error).partition(';')[0]}: {hint}" if hint else str(error)
            return self._refused(row, "timestamp", reason) if self._options.validate else None
        if moment is not None:
            fields["timestamp"] = moment
        return moment

    def _message(self, row: Row, fields: dict[str, Any], moment: datetime | None) -> Message | Refused:
        value = _encode(fields)
        identity = str(fields.get("transaction_id", "")).encode("utf-8", "replace")
        if not self._options.validate:
            account = fields.get("account_id") or fields.get("phone_number")
            key = str(account).encode("utf-8", "replace") if account else None
            return Message(row.line, key, value, _ms(moment) if moment else None, None, identity)
        transaction = _acceptable(value)
        if isinstance(transaction, Rejection):
            return self._rejected(row, transaction, fields)
        return Message(row.line, transaction.account.encode(), value, transaction.event_time_ms, None, identity)

    def _as_it_is(self, row: Row) -> Message | Refused:
        transaction = _acceptable(row.source)
        if not isinstance(transaction, Rejection):
            return Message(row.line, transaction.account.encode(), row.source, transaction.event_time_ms, None, b"")
        if self._options.validate:
            return self._rejected(row, transaction, {})
        return Message(row.line, None, row.source, None, None, b"")

    def _label(
        self, row: Row, fields: dict[str, Any], moment: datetime | None, verdict: Any, known_at: Any
    ) -> bytes | Refused:
        fraud = VERDICTS.get(str(verdict).strip().lower())
        if fraud is None:
            return self._refused(row, "fraud", f"{str(verdict)[:40]!r} is neither fraud (1) nor legitimate (0)")
        try:
            known = self._options.read_time(known_at) + self._options.shift if known_at else moment
        except (ValueError, TypeError, OverflowError) as error:
            return self._refused(row, "known_at", str(error))
        if known is None:
            return self._refused(row, "timestamp", "without a time its label has none either")
        label = {
            "transaction_id": fields.get("transaction_id"),
            "fraud": fraud,
            "known_at": known + self._options.label_after,
        }
        if "client_id" in fields:
            label["client_id"] = fields["client_id"]
        value = _encode({**label, "source": "file"})
        decoded = _acceptable_label(value) if self._options.validate else None
        return self._rejected(row, decoded, fields) if isinstance(decoded, Rejection) else value

    def _rejected(self, row: Row, rejection: Rejection, fields: dict[str, Any]) -> Refused:
        found = _AT.search(rejection.detail)
        if found is None:
            missing = _MISSING.search(rejection.detail)
            return Refused(row.line, self._columns.get(missing[1]) if missing else None, rejection.detail, row.source)
        value = fields.get(found[1])
        told = isinstance(value, (str, int, float))
        shown = f" (it is {str(value)[:40]!r})" if told else ""
        hint = value_hint(found[1], str(value)) if told else None
        shown += f": {hint}" if hint else ""
        return self._refused(row, found[1], rejection.detail[: found.start()] + shown)

    def _refused(self, row: Row, name: str, reason: str) -> Refused:
        return Refused(row.line, self._columns.get(name, name), reason, row.source)


def _acceptable(value: bytes) -> Transaction | Rejection:
    """Decode and refuse as the stream would."""
    transaction = decode_transaction(value)
    if isinstance(transaction, Transaction) and (complaint := complaint_about_ids(transaction)):
        return Rejection(DeadLetterReason.INVALID_FIELD, complaint)
    return transaction


def _acceptable_label(value: bytes) -> Label | Rejection:
    label = decode_label(value)
    if isinstance(label, Label) and (complaint := complaint_about_label(label)):
        return Rejection(DeadLetterReason.INVALID_FIELD, complaint)
    return label


def _ms(moment: datetime) -> int:
    return (moment - EPOCH) // _MILLISECOND
