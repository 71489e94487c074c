from riskstream_client.pace import Pace


def test_an_hour_plays_in_a_second_and_late_rows_go_at_once() -> None:
    now = [100.0]
    pace = Pace(3600, lambda: now[0])
    assert pace.wait_s(1_000_000) == 0
    assert pace.wait_s(1_000_000 + 3_600_000) == 1.0
    now[0] = 100.75
    assert pace.wait_s(1_000_000 + 3_600_000) == 0.25
    assert pace.wait_s(999_000) == 0, "a row out of order"
    assert pace.wait_s(None) == 0, "a row without a time"
    now[0] = 105.0
    assert pace.wait_s(1_000_000 + 3_600_000) == 0
