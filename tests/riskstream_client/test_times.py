from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import SettingsError
from riskstream_client.times import duration_of, time_reader, zone_of

MOMENTS = st.datetimes(
    datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-01-01"), timezones=st.just(UTC)
)


@given(MOMENTS)
def test_every_way_to_write_a_time_reads_as_the_same_instant(moment: datetime) -> None:
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    assert time_reader("iso", UTC)(moment.isoformat()) == moment
    assert time_reader("iso", UTC)(moment.replace(tzinfo=None).isoformat(" ")) == moment
    assert time_reader("epoch-us", UTC)(since // timedelta(microseconds=1)) == moment
    assert time_reader("epoch-us", UTC)(str(since // timedelta(microseconds=1))) == moment
    assert time_reader("%d.%m.%Y %H:%M:%S.%f", UTC)(moment.strftime("%d.%m.%Y %H:%M:%S.%f")) == moment


@given(MOMENTS.map(lambda moment: moment.replace(microsecond=0)))
def test_epoch_seconds_and_milliseconds(moment: datetime) -> None:
    seconds = int(moment.timestamp())
    assert time_reader("epoch", UTC)(seconds) == moment
    assert time_reader("epoch", UTC)(f"{seconds}.5") == moment + timedelta(seconds=0.5)
    assert time_reader("epoch-ms", UTC)(seconds * 1000 + 7) == moment + timedelta(milliseconds=7)


def test_a_time_without_an_offset_is_in_the_named_zone() -> None:
    nairobi = time_reader("iso", zone_of("Africa/Nairobi"))
    assert nairobi("2026-01-01 12:00:00") == datetime(2026, 1, 1, 9, tzinfo=UTC)
    assert nairobi("2026-01-01T12:00:00+01:00") == datetime(2026, 1, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("iso", "yesterday"),
        ("epoch", "12h"),
        ("epoch", "1700000000000"),
        ("epoch", "nan"),
        ("epoch", "inf"),
        ("%Y", "26-01"),
        ("epoch-ms", ""),
    ],
)
def test_what_is_no_time_says_so(style: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|lies after"):
        time_reader(style, UTC)(text)


def test_durations() -> None:
    assert duration_of("7d") == timedelta(days=7)
    assert duration_of("1d12h") == timedelta(hours=36)
    assert duration_of("1.5h") == timedelta(minutes=90)
    for wrong in ("", "7", "d", "7 fortnights", "-1d"):
        with pytest.raises(SettingsError, match="not a duration"):
            duration_of(wrong)


def test_a_zone_or_format_that_there_is_not() -> None:
    with pytest.raises(SettingsError, match="not a time zone"):
        zone_of("Mars/Olympus")
    with pytest.raises(SettingsError, match="not a time format"):
        time_reader("sometimes", UTC)


@pytest.mark.parametrize(
    ("order", "text", "expected"),
    [
        ("dmy", "31.01.2026", "2026-01-31T00:00:00+00:00"),
        ("dmy", "1/2/26 9:05", "2026-02-01T09:05:00+00:00"),
        ("dmy", "19.03.2026.", "2026-03-19T00:00:00+00:00"),
        ("dmy", "2026-01-31 10:00:00.25", "2026-01-31T10:00:00.250000+00:00"),
        ("mdy", "1/31/2026 10:05:06", "2026-01-31T10:05:06+00:00"),
        ("ymd", "2026/01/31T10:05Z", "2026-01-31T10:05:00+00:00"),
        ("dmy", "31-01-2026 10:00 +02:00", "2026-01-31T10:00:00+02:00"),
    ],
)
def test_the_order_of_a_dates_parts(order: str, text: str, expected: str) -> None:
    assert time_reader(order, UTC)(text).isoformat() == expected


@pytest.mark.parametrize(
    ("order", "text"), [("mdy", "31.01.2026"), ("dmy", "01/31/2026"), ("ymd", "x"), ("dmy", "1.1.2026 25:00")]
)
def test_another_order_is_refused(order: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"in the order {order}"):
        time_reader(order, UTC)(text)
