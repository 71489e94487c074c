"""Every place that reads JSON without a server: a function from a case to why it is refused, or None."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, NamedTuple

import typer

from analysis.analyse_command import _strategy
from analysis.extract.parts import FileRefused
from api.cursors import BadCursor, decode_page_cursor
from api.feed.hints import decode_alerts
from api.feed.protocol import decode_hello
from contracts.deadletter import Rejection
from contracts.errors import DataRefused, SettingsError
from contracts.label import decode_label
from contracts.log import LogRecord
from pipeline.intake import Gate
from riskstream_client.answers import Score
from riskstream_client.errors import AnswerUnreadable, answer_of
from riskstream_client.jsonl_rows import JsonRows
from riskstream_client.mapping import Mapping, mapping_of
from riskstream_client.messages import MessageBuilder, MessageOptions
from riskstream_client.rows import Refused
from scoring_worker.live_statistics.tally import Slice
from tests.analysis.extract.samples import read
from training.loaders.load import Loader
from training.loaders.message_files import message_columns
from training.loaders.options import LoadOptions, OnBadRow
from training.make_model import Recipe
from training.policies import policy_from_file
from training.train_options import recipe_from

Refusal = str | None
NOW_MS = 1_800_000_000_000
GATE = Gate(lambda _client: True, lambda _currency: True, 10**12, 1_000_000)
PAYMENT = b'{"transaction_id":"t","amount":5,"timestamp":"2026-01-05T10:00:00Z","account_id":"a","extra":'
LABEL = b'{"transaction_id":"t","fraud":true,"known_at":"2026-01-05T10:00:00Z","extra":'
FORWARDED = (
    b'{"client_id":1,"transaction_id":"t","revision":0,"account":"a","merchant_id":null,"event_time_ms":1,'
    b'"effective_ms":2,"change":1,"extra":'
)
DECISION = b'{"client_id":1,"risk_score":5.0,"recommendation":"APPROVE","event_time_ms":1,"model_version":"m","extra":'
SCORE = b'{"transaction_id":"t","risk_score":1,"risk_level":"LOW","recommendation":"APPROVE","extra":'
ALERT = (
    b'{"alert_id":"a","client_id":1,"sequence":1,"transaction_id":"t","account":"a","event_time_ms":1,'
    b'"created_at_ms":1,"amount":1,"currency":"EUR","severity":"HIGH","recommendation":"FLAG","risk_score":80,'
    b'"signals":{},"reasons":[],"model_version":"m","extra":'
)
MAPPED = MessageOptions(constants={"currency": "EUR"})  # so that a line's fields are read
RENAMED = Mapping({"merchant_id": "SHOP"}, {})


def admitted(value: bytes, *, is_label: bool = False) -> Refusal:
    """As a worker takes a record of its log."""
    intake = GATE.admit([LogRecord(0, 0, NOW_MS, None, value, (), is_label)])
    if not intake.rejected:
        return None
    rejection = intake.rejected[0].rejection
    return f"{rejection.reason}: {rejection.detail}"


def label(value: bytes) -> Refusal:
    found = decode_label(value)
    return f"{found.reason}: {found.detail}" if isinstance(found, Rejection) else None


def live_statistics(value: bytes) -> Refusal:
    tally = Slice()
    tally.count(value, 1, 0, 0)
    return "unreadable" if tally.unreadable else None


def alert_hint(value: bytes) -> Refusal:
    record: Any = SimpleNamespace(value=value)
    return None if decode_alerts([record]) else "counted as no alert"


def hello(value: bytes) -> Refusal:
    return None if decode_hello(value) else "the first message must be a hello"


def cursor(value: bytes) -> Refusal:
    return refusal_of(lambda: decode_page_cursor(base64.urlsafe_b64encode(b'[2,{"extra":' + value + b"},[]]").decode()))


def answer(value: bytes) -> Refusal:
    return refusal_of(lambda: answer_of(value, Score))


def published(line: bytes, *, as_is: bool) -> Refusal:
    rows = list(JsonRows(io.BytesIO(line + b"\n"), "f.jsonl", Mapping({}, {}) if as_is else RENAMED, as_is=as_is))
    assert len(rows) == 1
    builder = MessageBuilder(MessageOptions() if as_is else MAPPED, {})
    message = rows[0] if isinstance(rows[0], Refused) else builder.build(rows[0])
    return message.reason if isinstance(message, Refused) else None


def trained(line: bytes) -> Refusal:
    loader_of = lambda path: Loader(path, LoadOptions(on_bad_row=OnBadRow.REFUSE))  # noqa: E731
    return in_file("f.jsonl", line, lambda path: list(loader_of(path).chunks()))


def trained_messages(line: bytes) -> Refusal:
    def load(path: Path) -> None:
        (path.parent / "labels.jsonl").write_bytes(b"")
        list(message_columns(path, path.parent / "labels.jsonl"))

    return in_file("f.jsonl", line, load)


def uploaded(name: str, content: bytes) -> Refusal:
    """Refused where a row of it is not among those that landed."""

    def extract(path: Path) -> None:
        _, _, rejects = read(path.parent, name, content)
        if rejects:
            raise FileRefused(rejects[0]["reason"])

    return in_file(name, content, extract)


def in_file(name: str, content: bytes, use: Callable[[Path], object]) -> Refusal:
    with TemporaryDirectory() as made:
        path = Path(made) / name
        path.write_bytes(content)
        return refusal_of(lambda: use(path))


def refusal_of(use: Callable[[], object]) -> Refusal:
    """Only what is raised on purpose; anything else is a crash, and fails the test."""
    try:
        use()
    except (DataRefused, SettingsError, FileRefused, typer.BadParameter, BadCursor, AnswerUnreadable) as error:
        return str(error)
    return None


class Place(NamedTuple):
    """`before` + case + `after` is what `refusal` gets; with neither, the case is the whole text.

    `reader` names the column of the page's table that says which of the suite's open cases are read; `by_line`: a line
    break would end the text, so cases that hold one are left out.
    """

    name: str
    reader: str
    refusal: Callable[[bytes], Refusal]
    before: bytes = b""
    after: bytes = b""
    by_line: bool = False

    @property
    def may_want_other_json(self) -> bool:
        """Whether JSON may be refused here for what it says."""
        return not self.before or self.reader == UPLOADED

    def takes(self, case: bytes) -> bool:
        return not (self.by_line and b"\n" in case.strip(b" \t\r\n"))

    def judged(self, case: bytes) -> Refusal:
        return self.refusal(self.before + (case.strip(b"\r\n") if self.by_line else case) + self.after)


SKIPPED, DECODED, FILE, UPLOADED = "field passed over", "field decoded", "file", "upload"
ROW = b'{"date":"2026-03-01","amount":1.5,"text":"a","extra":'
PLACES = (
    Place("transaction of the log", SKIPPED, admitted, PAYMENT, b"}"),
    Place("label topic", SKIPPED, label, LABEL, b"}"),
    Place("label of the log", SKIPPED, lambda text: admitted(text, is_label=True), FORWARDED, b"}"),
    Place("decision topic, live statistics", SKIPPED, live_statistics, DECISION, b"}"),
    Place("alert topic, feed", SKIPPED, alert_hint, ALERT, b"}"),
    Place("hello of the feed", SKIPPED, hello, b'{"type":"hello","extra":', b"}"),
    Place("page cursor", DECODED, cursor, b" "),
    Place("answer, Python client", SKIPPED, answer, SCORE, b"}"),
    Place("`publish`, lines as they are", SKIPPED, lambda t: published(t, as_is=True), PAYMENT, b"}", by_line=True),
    Place("`publish`, mapped lines", DECODED, lambda t: published(t, as_is=False), PAYMENT, b"}", by_line=True),
    Place("`train`, JSON lines", DECODED, trained, PAYMENT, b"}", by_line=True),
    Place("`train`, messages", SKIPPED, trained_messages, PAYMENT, b"}", by_line=True),
    Place("upload, document", UPLOADED, lambda t: uploaded("f.json", t), b"[" + ROW, b"}]"),
    Place("upload, JSON lines", UPLOADED, lambda t: uploaded("f.jsonl", t), ROW, b"}\n" + ROW + b"1}", by_line=True),
    Place("transaction of the log, whole", "", admitted),
    Place("label topic, whole", "", label),
    Place("hello of the feed, whole", "", hello),
    Place("answer, Python client, whole", "", answer),
    Place("mapping file", FILE, lambda t: in_file("m.json", t, lambda path: mapping_of([], [], path))),
    Place("strategy file", FILE, lambda t: in_file("s.json", t, lambda path: _strategy(str(path)))),
    Place("parameter file", FILE, lambda t: in_file("p.json", t, lambda path: recipe_from(path, Recipe()))),
    Place("policy file", FILE, lambda t: in_file("p.json", t, policy_from_file)),
)


def is_called_unreadable(reason: str) -> bool:
    """Whether a refusal says that the text is not JSON, rather than the wrong JSON."""
    said = ("not JSON", "no JSON", "not_json", "UTF-8", "utf8", "malformed", "truncated", "nested")
    return any(words in reason for words in said)
