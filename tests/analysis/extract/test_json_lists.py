"""JSON documents with several lists, keys that stand twice, and numbers with all their digits."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.extract.extract import NotReadable
from analysis.extract.json_walk import TOP, Walk
from analysis.extract.parts import FileRefused
from analysis.extract.reading import Layout, Wanted
from tests.analysis.extract.samples import read


def moved(*amounts: str, day: str = "2026-03-02") -> list[dict[str, Any]]:
    return [{"bookingDate": day, "transactionAmount": {"currency": "EUR", "amount": amount}} for amount in amounts]


BALANCES = [{"balanceAmount": {"currency": "EUR", "amount": "500.00"}, "referenceDate": "2026-03-02"}] * 2
BOOKED, PENDING = moved("-1.00", "-2.00"), moved("-9.00")


@pytest.mark.parametrize(
    ("document", "amounts", "listed", "named"),
    [
        ({"transactions": {"pending": PENDING, "booked": BOOKED}}, [-1, -2], 1, "'transactions.pending' (1 record)"),
        ({"transactions": {"booked": BOOKED, "pending": PENDING}}, [-1, -2], 1, "'transactions.pending' (1 record)"),
        ({"PendingTransactions": PENDING, "PostedTransactions": BOOKED}, [-1, -2], 1, "'PendingTransactions'"),
        ({"vorgemerkt": PENDING, "gebucht": BOOKED}, [-1, -2], 1, "'vorgemerkt'"),
        ({"Trades": BOOKED, "Posted": moved("9", "8")}, [-1, -2], 2, "'Posted' (2 records)"),
        ({"balances": BALANCES, "transactions": {"booked": BOOKED}}, [-1, -2], 0, "'balances' (2 records)"),
        ({"accounts": [{"iban": "x"}], "transactions": BOOKED}, [-1, -2], 0, "'accounts' (1 record)"),
        ({"links": [{"href": "a"}, {"href": "b"}], "data": {"rows": BOOKED}}, [-1, -2], 0, "'links'"),
        ({"accounts": [{"iban": "x", "transactions": BOOKED}, {"iban": "y", "transactions": moved("3")}]},
         [-1, -2, 3], 0, ""),
        ([{"iban": "x", "transactions": {"booked": BOOKED, "pending": PENDING}}], [-1, -2], 1, "pending"),
        ({"page": 1, "items": BOOKED, "empty": []}, [-1, -2], 0, ""),
        ([{**each, "splits": [{"amount": "0.50", "date": "2026-03-02"}]} for each in BOOKED], [-1, -2], 0, ""),
    ],
)  # fmt: skip
def test_the_booked_list_is_read_and_others_are_named(
    tmp_path: Path, document: Any, amounts: list[int], listed: int, named: str
) -> None:
    found, rows, rejects = read(tmp_path, "a.json", json.dumps(document))
    assert [row["amount_minor"] for row in rows] == [amount * 10_000 for amount in amounts]
    assert len(rejects) == listed
    accounting = found.accounting
    assert (accounting.lines, accounting.landed, accounting.listed) == (len(rows) + listed, len(rows), listed)
    said = [each.value for each in found.reading.findings if each.subject == "left out"]
    assert any(named in each for each in said) if named else said == []


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"transactions": {"booked": [], "pending": PENDING}}, "not booked: 'transactions.pending'"),
        ({"transactions": {"pending": PENDING}}, "no booked records"),
        ({"scheduled": PENDING, "authorizations": PENDING}, "'scheduled'.*'authorizations'"),
        ({"balances": BALANCES, "transactions": {"booked": []}}, "'transactions.booked' is empty"),
        ([], "no objects with fields"), ([1, 2], "no objects with fields"), ({}, "no objects with fields"),
        ({"a": []}, "no column is known to hold amounts"),
    ],
)  # fmt: skip
def test_pending_records_are_never_taken_for_booked(tmp_path: Path, document: Any, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        read(tmp_path, "a.json", json.dumps(document))


def test_a_list_that_is_asked_for(tmp_path: Path) -> None:
    content = json.dumps({"Trades": BOOKED, "Posted": moved("9", "8")})
    found, rows, _ = read(tmp_path, "a.json", content, Wanted(layout=Layout(record="Posted")))
    assert [row["amount_minor"] for row in rows] == [90_000, 80_000]
    assert found.reading.layout.record == "Posted"
    with pytest.raises(FileRefused, match=r"no list 'Other' of objects; .*'Trades' \(2 records\)"):
        read(tmp_path, "a.json", content, Wanted(layout=Layout(record="Other")))


@pytest.mark.parametrize("beside", [{"status": "PENDING"}, {"bookingStatus": "pdng"}, {"pending": True}])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_single_records_that_are_pending_are_listed(tmp_path: Path, beside: dict[str, Any], name: str) -> None:
    records = [{**each, **beside} if place == 1 else each for place, each in enumerate(moved("1", "2", "3"))]
    content = json.dumps(records) if name == "a.json" else "\n".join(map(json.dumps, records))
    _, rows, rejects = read(tmp_path, name, content)
    assert [row["amount_minor"] for row in rows] == [10_000, 30_000]
    assert [(each["line"], "not booked" in each["reason"]) for each in rejects] == [(2, True)]


@pytest.mark.parametrize(
    ("written", "minor"),
    [("0.1", 1_000), ("1e3", 10_000_000), ("1E-4", 1), ("1e13", 10**17), ("99999999999999.9999", 10**18 - 1),
     ("12345678901234.5678", 123456789012345678), ("-0.0", 0), ('"0.10"', 1_000)],
)  # fmt: skip
def test_amounts_keep_their_digits(tmp_path: Path, written: str, minor: int) -> None:
    _, rows, rejects = read(tmp_path, "a.json", f'[{{"amount": {written}, "id": 1}}, {{"amount": 2, "id": 2}}]')
    assert rejects == []
    assert rows[0]["amount_minor"] == minor


@pytest.mark.parametrize("number", ["4814769000000001", "9007199254740993", "18446744073709551616", "1" * 40])
def test_long_numbers_keep_their_digits(tmp_path: Path, number: str) -> None:
    _, rows, _ = read(tmp_path, "a.json", f'[{{"amount": 1, "transaction id": {number}}}]')
    assert rows[0]["transaction_id"] == number


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ('{"amount": 5, "amount": 6}', "'amount' stands twice"), ('{"a": {"b": 1, "b": 2}, "amount": 5}', "'b' stands"),
        ('{"amount": NaN}', "no JSON"), ('{"amount": Infinity}', "no JSON"), ('{"amount": -Infinity}', "no JSON"),
        ('{"amount": 01}', "no JSON"), ('{"amount": 5,}', "no JSON"), ("{'amount': 5}", "no JSON"),
        ('{"a.amount": 1, "a": {"amount": 2}}', "two fields are called 'a.amount'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["list", "lines"])
def test_records_that_cannot_be_meant_are_listed(tmp_path: Path, record: str, why: str, form: str) -> None:
    records = ['{"amount": 1}', record, '{"amount": 3}']
    name, content = ("a.json", f"[{','.join(records)}]") if form == "list" else ("a.jsonl", "\n".join(records))
    _, rows, rejects = read(tmp_path, name, content)
    assert [row["amount_minor"] for row in rows] == [10_000, 30_000]
    assert [each["line"] for each in rejects] == [2]
    assert why in rejects[0]["reason"]


def test_a_key_twice_with_the_same_value_says_nothing_wrong(tmp_path: Path) -> None:
    _, rows, rejects = read(tmp_path, "a.json", '[{"amount": 5, "amount": 5, "text": "a \\": b"}]')
    assert (rows[0]["amount_minor"], rejects) == (50_000, [])


RECORDS = ['{"amount": 1,\n "text": "ä"}', '{"amount": 2, "text": "{[\\"}"}', '{"amount": 3}']


@pytest.mark.parametrize("between", ["", "\n", "\n\n  \n", " ", ",", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_objects_that_follow_each_other(tmp_path: Path, between: str, encoding: str) -> None:
    _, rows, rejects = read(tmp_path, "a.json", between.join(RECORDS).encode(encoding))
    assert [row["amount_minor"] for row in rows] == [10_000, 20_000, 30_000]
    assert rejects == []


@pytest.mark.parametrize(
    ("content", "rows", "lines"),
    [
        ('[{"amount": 1}},{"amount": 2}]', 2, [2]), ('{"a": [{"amount": 1}},{"amount": 2}]}', 2, [2]),
        ('[{"amount": 1},,{"amount": 2}]', 2, [2]), ('[{"amount": 1} {"amount": 2}]', 2, [2]),
        ('[{"amount": 1},{"amount": 2},]', 2, [3]), ('[{"amount": 1},{"amount": 2}', 2, [3]),
        ('[{"amount": 1},{"amount": 2]', 1, [2]), ('[{"amount": 1}] #', 1, []),
        ('{"amount": 1}#', 1, [2]), ('{"amount": 1}{"amount"', 1, [2]), ('[{"amount": 1}, 7, {"amount": 2}]', 2, [2]),
    ],
)  # fmt: skip
def test_what_is_broken_costs_itself_and_is_told(tmp_path: Path, content: str, rows: int, lines: list[int]) -> None:
    _, landed, rejects = read(tmp_path, "a.json", content)
    assert len(landed) == rows
    assert [each["line"] for each in rejects] == lines


def test_a_day_before_the_moment_of_the_same_record(tmp_path: Path) -> None:
    records = [
        {"date": "2026-03-01", "dateTime": "2026-03-01T11:13:14Z", "amount": "1.00", "merchantCategoryCode": "5411"},
        {"date": "2026-03-02", "dateTime": "2026-03-02T12:13:14Z", "amount": "2.00", "CardSchemeName": "ZZCARD"},
    ]
    _, rows, _ = read(tmp_path, "a.json", json.dumps(records))
    assert [row["time_ms"] % 86_400_000 for row in rows] == [40_394_000, 43_994_000]
    assert rows[0]["category"] == "5411"
    assert {"account", "merchant"} & set().union(*rows) == set()


@pytest.mark.parametrize("other", ["2026-03-05T10:00:00Z", "", "10:00:00"])
def test_a_moment_of_another_day_or_of_some_rows_is_not_the_time(tmp_path: Path, other: str) -> None:
    records = [
        {"bookingDate": "2026-03-01", "created": "2026-03-01T11:00:00Z", "amount": "1.00"},
        {"bookingDate": "2026-03-02", "created": other, "amount": "2.00"},
    ]
    found, _, _ = read(tmp_path, "a.json", json.dumps(records))
    assert found.reading.mapping.columns["time"] == "bookingDate"


@pytest.mark.parametrize("day", ["03/20/2026 as of 03/19/2026", "03/20/2026"])
def test_a_day_with_another_beside_it(tmp_path: Path, day: str) -> None:
    records = [{"Date": day, "Amount": "$5.00"}, {"Date": "03/21/2026", "Amount": "-$1.50"}]
    _, rows, rejects = read(tmp_path, "a.json", json.dumps({"From": "01/01/2026", "Trades": records}))
    assert ([row["amount_minor"] for row in rows], rejects) == ([50_000, -15_000], [])
    assert rows[0]["time_ms"] < rows[1]["time_ms"]


_VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.none(), st.sampled_from(["", "{[", '"}', "\\", "a\nb", ": {", "é"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", 'c"', "{"]), inner, max_size=3)
    ),
    max_leaves=15,
)  # fmt: skip


def objects_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The objects of every list, those of inner lists first; by a parser of the whole text."""
    if isinstance(value, dict):
        for key, inside in value.items():
            name = json.dumps(key, ensure_ascii=False)[1:-1]
            yield from objects_of(inside, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inside in value:
            yield from objects_of(inside, f"{path}[]")
            if isinstance(inside, dict):
                yield path or "[]", inside


@given(_VALUES, st.sampled_from([None, 1]), st.sampled_from([1, 2, 5, 1_000]))
def test_every_object_is_found_however_the_text_arrives(value: Any, indent: int | None, size: int) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    pieces = ((text[at : at + size], at) for at in range(0, len(text), size))
    found = [(each.name, json.loads(each.text or b"")) for each in Walk().elements(pieces) if each.kind == "object"]
    assert found == [*objects_of(value), *([(TOP, value)] if isinstance(value, dict) else [])]


@pytest.mark.parametrize(
    "text",
    [
        b'{"' * 300_000, b'[{"a":' + b'\\"' * 300_000, b'[{"a":"' + b'\\"' * 300_000 + b"\n}]",
        b'["' + b"a" * 2_000_000,
        b"[" * 990 + b"}" * 300_000, b'{"a":' * 990 + b"]" * 300_000, b'{"a":' * 900 + b'"a" ' * 300_000,
        b'{"a":[' * 400 + b"{}," * 300_000,
    ],
    ids=range(8),
)  # fmt: skip
def test_text_that_is_made_to_be_looked_at_again_and_again(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(FileRefused):
        read(tmp_path, "a.json", text)


def test_a_large_document_keeps_little(tmp_path: Path) -> None:
    """Lists before and after the rows, together larger than what is held at once."""
    other = [{"note": "x" * 1_000}] * 6_000
    content = json.dumps({"notes": other, "rows": moved(*map(str, range(1, 2_000))), "more": other})
    found, rows, _ = read(tmp_path, "a.json", content)
    assert len(rows) == 1_999
    said = [each.value for each in found.reading.findings if each.subject == "left out"]
    assert said == ["'notes' (6,000 records)", "'more' (6,000 records)"]


def test_a_row_without_amounts_is_not_readable(tmp_path: Path) -> None:
    with pytest.raises(NotReadable, match="no column is known to hold amounts"):
        read(tmp_path, "a.json", '[{"name": "a"}]')
