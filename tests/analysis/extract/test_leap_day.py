"""The 29th of February, in every spelling: most years lack it, so that a pattern alone cannot tell."""

from datetime import datetime

import pyarrow as pa
import pytest

from analysis.extract.reading import DateOrder
from analysis.extract.times import times


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("20240229", "ymd", "2024-02-29T00:00Z"),
        ("2024-02-29", "ymd", "2024-02-29T00:00Z"),
        ("2024/02/29 10:15", "ymd", "2024-02-29T10:15Z"),
        ("20240229T10:15:00Z", "ymd", "2024-02-29T10:15Z"),
        ("20240229 10:15:00+02:00", "ymd", "2024-02-29T08:15Z"),
        ("29.2.2024", "dmy", "2024-02-29T00:00Z"),
        ("2/29/2024", "mdy", "2024-02-29T00:00Z"),
        ("20230229", "ymd", None),
        ("20240230", "ymd", None),
        ("19000229", "ymd", None),
    ],
)
def test_a_day_that_most_years_lack(text: str, order: DateOrder, expected: str | None) -> None:
    found, good = times(pa.array([text, "2024-01-01"]), order, "UTC")
    assert good[0] == (expected is not None)
    if expected is not None:
        assert int(found[0]) == int(datetime.fromisoformat(expected).timestamp() * 1000)
