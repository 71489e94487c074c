"""Amounts and times as people write them; by columns as one by one."""

from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.extract.amounts import amounts, guess_sign, parse_amount
from analysis.extract.times import guess_order, times


@pytest.mark.parametrize(
    ("text", "sign", "minor"),
    [
        ("1", ".", 10_000), ("-2.5", ".", -25_000), ("1,234.50", ".", 12_345_000), ("(1,234.5)", ".", -12_345_000),
        ("12-", ".", -120_000), ("€ 5", ".", 50_000), ("USD 3.14159", ".", 31_416), ("1e3", ".", 10_000_000),
        ("1.2E+07", ".", 120_000_000_000), ("−5", ".", -50_000), ("5 DR", ".", -50_000), ("5 CR", ".", 50_000),
        ("1,5", ".", None), ("", ".", None), ("-", ".", None), ("1.2.3", ".", None),
        ("99999999999999999999", ".", None),
        ("1,23,456", ".", None), ("0x10", ".", None), ("nan", ".", None), ("inf", ".", None), ("1e999", ".", None),
        ("1.234,50", ",", 12_345_000), ("1 234,5", ",", 12_345_000), ("1\u00a0234,5", ",", 12_345_000),
        ("5,5 kr", ",", 55_000), ("1'234,5", ",", 12_345_000), ("1.5", ",", None), ("0.00005", ".", 0),
        ("0.00015", ".", 2), ("١", ".", None), ("1,23,456.00", ".", 1_234_560_000),
        ("₹-1,20,000.5", ".", -1_200_005_000), ("1,2,000.00", ".", None), ("1,20,00.00", ".", None),
        ("1,23,456.00", ",", None),
    ],
)  # fmt: skip
def test_one_amount(text: str, sign: str, minor: int | None) -> None:
    assert parse_amount(text, sign) == minor  # type: ignore[arg-type]
    found, good = amounts(pa.array([text, "1"], pa.string()), sign)  # type: ignore[arg-type]
    assert bool(good[0]) == (minor is not None)
    assert good[1]
    assert minor is None or found[0] == minor
    assert found[1] == 10_000


@given(st.lists(st.text(st.sampled_from("0123456789.,-+ ()eE'€krDCR"), max_size=12), min_size=1), st.sampled_from(".,"))
def test_columns_are_read_as_single_ones_are(texts: list[str], sign: str) -> None:
    trimmed = [text.strip() for text in texts]
    found, good = amounts(pa.array(trimmed, pa.string()), sign)  # type: ignore[arg-type]
    expected = [parse_amount(text, sign) for text in trimmed]  # type: ignore[arg-type]
    assert [int(minor) if ok else None for minor, ok in zip(found, good, strict=True)] == expected


@pytest.mark.parametrize(
    ("values", "sign"),
    [
        (["1,5", "2"], ","), (["1,234", "3,123"], "."), (["1.234,5"], ","), (["10.5", "1,200"], "."),
        (["0.125", "12.125"], "."), ([], "."), (["1.234.567"], ","),
    ],
)  # fmt: skip
def test_the_decimal_sign_is_found_out(values: list[str], sign: str) -> None:
    assert guess_sign(values) == sign


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2026-03-05", "ymd", "2026-03-05T00:00:00"), ("20260305", "ymd", "2026-03-05T00:00:00"),
        ("2026/3/5 23:59", "ymd", "2026-03-05T23:59:00"),
        ("2026-03-05T10:00:00.123456789Z", "ymd", "2026-03-05T10:00:00.123"),
        ("2026-03-05 10:00:00+0200", "ymd", "2026-03-05T08:00:00"),
        ("2026-03-05T10:00-05:30", "ymd", "2026-03-05T15:30:00"),
        ("5.3.2026", "dmy", "2026-03-05T00:00:00"), ("05/03/2026 13:00", "dmy", "2026-03-05T13:00:00"),
        ("5-Mar-26", "dmy", "2026-03-05T00:00:00"), ("3/5/2026 1:02 PM", "mdy", "2026-03-05T13:02:00"),
        ("Mar 5, 2026", "mdy", "2026-03-05T00:00:00"), ("2024-02-29 1:02", "ymd", "2024-02-29T01:02:00"),
        ("1772668800", "seconds", "2026-03-05T00:00:00"), ("1772668800500", "milliseconds", "2026-03-05T00:00:00.500"),
        ("2026-02-30", "ymd", None), ("2023-02-29", "ymd", None), ("2026-13-01", "ymd", None), ("25:00", "ymd", None),
        ("2026-03-05 24:00", "ymd", None), ("1026-03-05", "ymd", None), ("", "ymd", None), ("x", "dmy", None),
        ("99999999999999", "seconds", None), ("13:00 PM 2026-03-05", "ymd", None),
    ],
)  # fmt: skip
def test_one_time(text: str, order: str, expected: str | None) -> None:
    found, good = times(pa.array([text, text], pa.string()), order, "UTC")  # type: ignore[arg-type]
    assert bool(good[0]) == bool(good[1]) == (expected is not None)
    if expected is not None:
        shown = datetime(1970, 1, 1) + timedelta(milliseconds=int(found[0]))  # noqa: DTZ001
        assert shown.isoformat(timespec="milliseconds").removesuffix(".000") == expected
        assert found[0] == found[1]


@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2199, 12, 30)))  # noqa: DTZ001
def test_every_time_is_read_in_every_order(at: datetime) -> None:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    written = {"ymd": "%Y-%m-%dT%H:%M:%S.%f", "dmy": "%d.%m.%Y %H:%M:%S", "mdy": "%m/%d/%Y %H:%M:%S"}
    for order, form in written.items():
        found, good = times(pa.array([f"{at:{form}}"]), order, "UTC")  # type: ignore[arg-type]
        wanted = at if order == "ymd" else at.replace(microsecond=0)
        assert good[0]
        assert found[0] == round((wanted - datetime(1970, 1, 1)).total_seconds() * 1000)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["13/01/2026", "02/01/2026"], "dmy"), (["01/13/2026", "01/01/2026"], "mdy"), (["x"], None), ([], None),
        (["2026-01-01"], "ymd"), (["1772668800"], "seconds"), (["1772668800000"], "milliseconds"),
    ],
)  # fmt: skip
def test_the_order_is_found_out(values: list[str], order: str | None) -> None:
    assert guess_order(values, 0.8) == order
