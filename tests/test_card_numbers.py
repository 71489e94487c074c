"""Card numbers and verification values: found in whatever form, and nothing else taken for one."""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.extract.card_data import without_card_numbers
from analysis.extract.extract import Defaults, extract
from analysis.extract.reading import Mapping, Wanted
from analysis.extract.rejects import read_rejects
from api.cases.schemas import NoteIn
from api.scoring.request import Refusal, Usable, read
from contracts.card_numbers import cleaned, cleaned_text, is_card_number, may_hold_card_data, tokens
from contracts.card_policy import CardPolicy
from contracts.deadletter import DeadLetterReason, Rejection
from contracts.errors import SettingsError
from contracts.log import LogRecord
from contracts.topics import Topics
from contracts.transaction import decode_transaction
from pipeline.intake import Gate
from redaction import redact
from scoring_worker.dead_letters import dead_letter_of
from settings import Settings, load_settings

# Numbers that the schemes publish for tests.
NUMBERS = {
    "visa": "4111111111111111", "visa 13": "4222222222222", "visa 19": "4000000000000000006",
    "mastercard": "5555555555554444", "mastercard 2": "2223003122003222", "amex": "378282246310005",
    "diners": "30569309025904", "discover": "6011111111111117", "jcb": "3530111333300000",
    "unionpay": "6205500000000000004", "maestro": "6759649826438453", "mir": "2200000000000004",
}  # fmt: skip
VISA = NUMBERS["visa"]
NOW_MS = 1_772_366_400_000
KEY = b"a key of its own, for these tests"
REFUSING = Gate(lambda _client: True, lambda _currency: True, 10 * 365 * 86_400_000, 100_000)
REPLACING = Gate(
    lambda _client: True, lambda _currency: True, 10 * 365 * 86_400_000, 100_000, cards=CardPolicy(tokens(KEY))
)


def message(**fields: Any) -> bytes:
    whole = {"transaction_id": "t-1", "amount": 5, "timestamp": "2026-03-01T11:59:00Z", "account_id": "acct-1"}
    return msgspec.json.encode(whole | fields)


def grouped(number: str, separator: str) -> str:
    return separator.join(number[start : start + 4] for start in range(0, len(number), 4))


def spellings(number: str) -> list[Any]:
    return [
        number, int(number), f"card {number}.", f"PAN{number}x", f"a+b={number};2612", number + " 12/29",
        *(grouped(number, separator) for separator in (" ", "-", ".", "_", "/", "|", " / ", "  ", " - ")),
        *(grouped(number, separator) for separator in ("\u00a0", "\u2011", "\u200b")),
        *(grouped(number, separator) for separator in ("\n", "\t", "\r\n", "..", "//", "||", "./")),
        ".".join(number), "/".join(number),
        number[:5] + "\u200b" + number[5:], " ".join(number), number[:8] + " " + number[8:],
        "".join(chr(ord("０") + int(digit)) for digit in number),
        "".join(chr(ord("٠") + int(digit)) for digit in number),
        {"deep": [{"er": grouped(number, " ")}]}, [number], {number: True},
    ]  # fmt: skip


def digits_in(raw: bytes) -> str:
    """All digits of a text, whatever script they are in and stands between them."""
    return "".join(str(int(letter)) for letter in raw.decode("utf-8", "replace") if letter.isdecimal())


@pytest.mark.parametrize("name", NUMBERS)
def test_a_card_number_is_refused_in_every_form_and_field(name: str) -> None:
    number = NUMBERS[name]
    assert is_card_number(number)
    for place in ("note", "account_id", "device_id", "transaction_id", "merchant_category"):
        for value in spellings(number) if place == "note" else spellings(number)[:1]:
            body = message(**{place: value})
            record = LogRecord(0, 0, NOW_MS, number.encode(), body, (("h", f"x {number}".encode()),))
            (rejected,) = REFUSING.admit([record]).rejected
            assert rejected.rejection.reason is DeadLetterReason.CARD_DATA, body
            letter = dead_letter_of("t", record, rejected.rejection)
            for kept in (letter.key, letter.value, letter.headers[0][1], letter.rejection.detail.encode()):
                assert number not in digits_in(kept or b"")
                assert VISA not in str(kept)
            answer = read(body, 1, NOW_MS, REFUSING)
            assert isinstance(answer, Refusal)
            assert (answer.kind.status, number in digits_in(answer.detail.encode())) == (422, False)


@pytest.mark.parametrize("name", NUMBERS)
def test_or_a_token_is_stored_instead(name: str) -> None:
    number = NUMBERS[name]
    found = set()
    for value in spellings(number):
        (usable,) = REPLACING.admit([LogRecord(0, 0, NOW_MS, None, message(note=value))]).usable
        assert number not in digits_in(usable.body)
        token = tokens(KEY)(number)
        assert token.encode() in usable.body
        found.add(token)
        assert cleaned(usable.body)[1] == []  # a token is no card number
    assert len(found) == 1
    assert token.startswith(f"card_{number[:6]}_")
    assert token.endswith(f"_{number[-4:]}")
    assert tokens(b"another key")(number) != token


def test_the_account_is_the_token_and_every_other_byte_stays() -> None:
    body = (
        b'{ "account_id":"4111-1111-1111-1111", "transaction_id":"t","amount":1.50,"timestamp":"2026-03-01T11:59:00Z"}'
    )
    (usable,) = REPLACING.admit([LogRecord(0, 0, NOW_MS, None, body)]).usable
    token = tokens(KEY)(VISA)
    assert usable.body == body.replace(b"4111-1111-1111-1111", token.encode())
    assert usable.value.account == token
    answer = read(body, 1, NOW_MS, REPLACING)
    assert isinstance(answer, Usable)
    assert token.encode() in answer.body


@pytest.mark.parametrize(
    "fields",
    [
        {"cvv": "123"}, {"cvv": 123}, {"CVV2": "1234"}, {"cvc": "12 3"}, {"card_cvc": "123"}, {"cardCvv": "123"},
        {"cvv_code": "123"}, {"security_code": "123"}, {"cardSecurityCode": "123"}, {"card-verification-value": "123"},
        {"cvv": {"value": "123"}}, {"cvv": ["123"]}, {"card": {"number": "x", "cvn": "123"}},
        {"track2": "123=4567"}, {"note": "cvv: 123"}, {"note": "the CVC is 123"}, {"c\\u0076v": "123"},
    ],
)  # fmt: skip
def test_a_verification_value_is_never_stored_in_any_form(fields: dict[str, Any]) -> None:
    body = message(**fields).replace(b"\\\\u", b"\\u")
    rejected = REFUSING.admit([LogRecord(0, 0, NOW_MS, None, body)]).rejected
    assert [each.rejection.reason for each in rejected] == [DeadLetterReason.CARD_DATA]
    assert b"123" not in (dead_letter_of("t", rejected[0].record, rejected[0].rejection).value or b"")
    (usable,) = REPLACING.admit([LogRecord(0, 0, NOW_MS, None, body)]).usable
    assert b"123" not in usable.body.replace(b"t-123", b"")


@pytest.mark.parametrize(
    "fields",
    [
        {"note": "4111111111111112"},  # a wrong check digit
        {"note": "1234567890123452"},  # no issuer's
        {"at_ms": 1_772_366_400_000, "at_ns": 1_772_366_400_000_000_000},
        {"latitude": -1.4111111111111111, "longitude": 36.4111111111111111},
        {"phone_number": "+4915112345678"}, {"phone_number": "4915112345679"}, {"note": "call +49 1511 2345 678"},
        {"device_id": hashlib.sha256(b"4").hexdigest()}, {"device_id": "41111111111111110000000000000abc"},
        {"device_id": str(UUID("41111111-1111-4111-8111-411111111111"))},
        {"beneficiary_id": "FI2112345600000785"}, {"beneficiary_id": "DE89 3704 0044 0532 0130 00"},
        {"beneficiary_id": "38-9012-0123456-009"}, {"account_id": "40-1234-0000001-006"},
        {"cvv_result": "M"}, {"cvv_present": True}, {"cvv": None}, {"cvv": ""}, {"cid": "12345"}, {"note": "cvv ok"},
        {"location": "São Tomé"}, {"a": "4111", "b": "1111 1111 1111"}, {"list": [4111, 1111, 1111, 1111]},
    ],
)  # fmt: skip
def test_what_is_no_card_data_stays_byte_for_byte(fields: dict[str, Any]) -> None:
    body = message(**fields)
    (usable,) = REPLACING.admit([LogRecord(0, 0, NOW_MS, None, body)]).usable
    assert usable.body == body
    assert REFUSING.admit([LogRecord(0, 0, NOW_MS, None, body)]).usable


@pytest.mark.parametrize(
    "raw",
    [
        VISA.encode(), b"{'card': 4111111111111111}", b'{"card":"4111111111111111', b"\xff\xfe4111 1111 1111 1111",
        b'{"card":"\\u0034111111111111111",', b'"\\' + VISA.encode(), b"4111-1111-1111-1111\x00",
        b"card=" + VISA.encode(),
    ],
)  # fmt: skip
def test_what_cannot_be_read_keeps_no_card_number_among_the_dead_letters(raw: bytes) -> None:
    rejection = Rejection(DeadLetterReason.NOT_JSON, "x")
    letter = dead_letter_of("t", LogRecord(0, 0, NOW_MS, None, raw), rejection)
    assert VISA not in digits_in(letter.value or b"")
    assert b"1111" in (letter.value or b"")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_a_dead_letter_without_one_is_kept_byte_for_byte(raw: bytes) -> None:
    fresh, found = cleaned(raw)
    assert found or fresh == raw


@given(
    st.recursive(
        st.text(max_size=12) | st.integers() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    ),
    st.sampled_from(sorted(NUMBERS.values())),
)
def test_replacing_changes_nothing_else(value: Any, number: str) -> None:
    body = json.dumps({"value": value, "card": number}).encode()
    assert may_hold_card_data(body)
    fresh, found = cleaned(body)
    document = json.loads(fresh)
    assert number not in fresh.decode()
    assert len(found) > 1 or document["value"] == value


def test_dead_letters_of_labels_and_texts_of_people_hold_none() -> None:
    assert isinstance(CardPolicy().applied(b'{"transaction_id":"4111111111111111"}'), Rejection)
    with pytest.raises(ValueError, match="must not be kept") as caught:
        NoteIn(text=f"he gave me {grouped(VISA, ' ')}")
    assert "card number" in str(caught.value)
    for text in (f"x{VISA}", grouped(VISA, "."), f"see {grouped(VISA, '-')}"):
        assert "1111" not in redact(text)


def test_no_message_makes_the_search_slow() -> None:
    """Steps are counted, not seconds: four times the message is at most some five times the calls."""
    for unit in ("4 ", '\\"', "4111111111111111-", "DE89", "12345 ", "deadbeef1", "४", '"cvv":{'):
        small, large = (_calls(unit * count) for count in (500, 2_000))
        assert large <= 5 * small + 200, unit


def _calls(text: str) -> int:
    import sys

    count = 0

    def profile(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(profile)
    try:
        cleaned(f'{{"a":"{text}'.encode())
    finally:
        sys.setprofile(None)
    return count


def test_the_settings_want_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARD_NUMBERS", "token")
    load_settings.cache_clear()
    with pytest.raises(SettingsError, match="CARD_TOKEN_KEY must be 32"):
        load_settings()
    secret = "0123456789abcdefghijklmnopqrstuvwxyz"
    with pytest.raises(ValueError, match="must not be SECRET_KEY"):
        Settings(card_numbers="token", card_token_key=secret, secret_key=secret)
    chosen = Settings(card_numbers="token", card_token_key=secret[::-1], secret_key=secret)
    assert chosen.card_policy.replace is not None
    assert tokens(chosen.card_key_of_files)(VISA) == chosen.card_policy.replace(VISA)
    monkeypatch.delenv("CARD_NUMBERS")
    load_settings.cache_clear()
    assert Settings().card_policy.replace is None
    assert Topics.with_prefix("").dead_letters
    assert not isinstance(decode_transaction(message()), Rejection)


def test_rows_of_a_file_and_what_is_told_of_it_hold_none(tmp_path: Path) -> None:
    source = tmp_path / "cards.csv"
    lines = ["date,card,amount,text,cvv,odd"]
    lines += [f"2026-03-{day:02},{VISA},-{day}.50,paid with {grouped(VISA, ' ')},123," for day in range(1, 6)]
    lines += [f"2026-03-06,{NUMBERS['amex']},-6.50,plain,1234,{VISA}", f"never,{VISA},x,{grouped(VISA, '-')},123,"]
    source.write_text("\n".join(lines) + "\n")
    rows, rejects = tmp_path / "rows.parquet", tmp_path / "rejects.parquet"
    wanted = Wanted(mapping=Mapping(columns={"time": "date", "account": "card", "amount": "amount", "text": "text"}))
    found = extract(source, "cards.csv", rows, rejects, wanted=wanted, defaults=Defaults(card_tokens=tokens(KEY)))
    assert (found.rows, found.rejected) == (6, 1)
    accounts = parquet.read_table(rows).column("account").to_pylist()
    assert accounts == [tokens(KEY)(VISA)] * 5 + [tokens(KEY)(NUMBERS["amex"])]
    kept = [parquet.read_table(rows).to_pylist(), read_rejects(rejects, 0, 10)]
    kept.append([without_card_numbers(found.reading.model_dump(mode="json"))])
    for number in (VISA, NUMBERS["amex"]):
        assert number not in digits_in(str(kept).encode())
    assert '"cvv":"123' not in str(kept)


def test_a_text_without_card_data_stays_as_it_came() -> None:
    text = "".join(chr(0xFF10 + digit) for digit in range(10)) + ".csv"  # fullwidth digits
    assert cleaned_text(text) == (text, [])
