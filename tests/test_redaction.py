"""Nothing that opens a door or names a person gets into a log; ids and measures of our own stay readable."""

import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from logs import configure_logs
from redaction import HIDDEN, redact, redacted
from settings import Settings

CARD = "4111 1111 1111 1111"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer rsk_abcDEF123-456", "rsk_abc"),
        ("renewed by rsr_abcDEF123-456", "rsr_abc"),
        (f"token {JWT} refused", "eyJ"),
        ("GET /sign-in?token=abcdef&x=1", "abcdef"),
        ("postgresql://riskstream:hunter22@db:5432/r", "hunter22"),
        (f"card {CARD}.", "4111"),
        ("card 4111111111111111 declined", "4111"),
        ("card 5500-0000-0000-0004", "5500"),
        ("call +254 712 345 678 now", "712"),
        ("call +1 (415) 555-0100", "555"),
        ("msisdn 254712345678", "2547"),
        ("msisdn 0712345678, again", "0712"),
        ("ask ada@bank.example why", "ada@"),
    ],
)
def test_what_must_not_be_read(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert HIDDEN in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T10:28:18.123456Z",
        "0f6c2d0d0c5b4e0f9a3c1f6f7a3b1c2d",
        "123e4567-e89b-12d3-a456-426614174000",
        "127.0.0.1:5432",
        "partition 3 has to be read from offset 12345678",
        "riskstream_account_count_5m",
        "took 12.5 ms, 20000 rows",
        "key=",
    ],
)
def test_what_stays(text: str) -> None:
    assert redact(text) == text


def test_names_hide_what_stands_under_them() -> None:
    event = {
        "event": "request",
        "password": "x",
        "X-API-Key": "y",
        "phone_number": 254712345678,
        "nested": [{"Cookie": "a=b", "fine": 1}],
        "account": "acct-7",
        "has_password": True,
        "body": b"\x00",
        "ms": 12.5,
    }
    clean = redacted(event)
    assert clean["password"] == clean["X-API-Key"] == clean["phone_number"] == clean["account"] == HIDDEN
    assert clean["nested"] == [{"Cookie": HIDDEN, "fine": 1}]
    assert (clean["has_password"], clean["body"], clean["ms"]) == (True, HIDDEN, 12.5)


def test_a_value_that_holds_itself_ends() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert HIDDEN in str(redacted(endless))


@given(st.from_regex(r"[3-6][0-9]{14,15}", fullmatch=True), st.sampled_from(["", " ", "-"]))
def test_no_card_number_survives(card: str, separator: str) -> None:
    shown = separator.join(card[start : start + 4] for start in range(0, len(card), 4))
    assert card[:4] not in redact(f"paid with {shown} today")


def test_every_line_of_the_log_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.StringIO()
    monkeypatch.setattr("sys.stderr", lines)
    before = structlog.get_config()
    try:
        configure_logs(Settings(_env_file=None), "test")
        log = structlog.get_logger()
        log.info("asked", address=f"?ticket={JWT}", request_id="1" * 32)
        try:
            int(f"no card {CARD}")
        except ValueError:
            log.exception("failed")
        logging.getLogger("a.library").warning("connecting to redis://:hunter22@cache")
    finally:
        structlog.configure(**before)
        structlog.contextvars.clear_contextvars()
        logging.basicConfig(handlers=[], force=True)
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [line["event"] for line in written[:2]] == ["asked", "failed"]
    assert written[0]["request_id"] == "1" * 32
    assert "Traceback" in written[1]["exception"]
    assert not any(secret in lines.getvalue() for secret in (JWT, CARD, "hunter22"))
