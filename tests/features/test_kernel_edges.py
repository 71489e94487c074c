"""Logs built for one edge each, that chance would rarely meet; both the oracle and plain numbers judge them."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from contracts.transaction import Kind, Transaction
from features.catalogue import FEATURE_INDEX
from features.fold import OfflineFold
from features.plan import Flag
from tests.features.comparison import assert_equal, make_builder
from tests.features.strategies import DAY, HOUR, MINUTE, SECOND, Draft, Labels, Record, transaction_of

NOON = 1_711_800_000_000  # an edge of every tile but the widest
SIX = 1_711_778_400_000  # an edge of every tile


def paid(time: int, number: int, **fields: object) -> Transaction:
    plain = {
        "client": 1, "phone": False, "account": "a", "device": None, "address": None, "merchant": None,
        "beneficiary": None, "country": None, "place": {}, "kind": Kind.PAYMENT, "amount": 10.0, "currency": None,
    }  # fmt: skip
    return transaction_of(Draft(**(plain | fields)), time, number)  # type: ignore[arg-type]


def run(times: Iterable[int], **fields: object) -> list[Record]:
    return [paid(time, number, **fields) for number, time in enumerate(times)]


def last(log: Sequence[Record], *names: str) -> list[float]:
    vector = OfflineFold(make_builder()).fold(log).vectors[-1]
    return [float(vector[FEATURE_INDEX[name]]) for name in names]


def last_flags(log: Sequence[Record]) -> Flag:
    return Flag(int(OfflineFold(make_builder()).fold(log).flags[-1]))


def full_ring(start: int, spacing: int, count: int = 600) -> list[int]:
    return [start + i * spacing for i in range(count)]


@pytest.mark.parametrize(("after", "full"), [(25 * HOUR - 1, True), (25 * HOUR, False)])
def test_overflow_is_forgotten_with_its_tile(after: int, full: bool) -> None:
    end_of_tile = NOON + 30 * MINUTE
    log = run([*full_ring(NOON, 10), end_of_tile + after, end_of_tile + after])
    assert_equal(log, compare_from=len(log) - 2)
    assert (Flag.RING_FULL in last_flags(log)) is full


@pytest.mark.parametrize("kind", ["account", "device", "beneficiary"])
@pytest.mark.parametrize("delay", [0, 1, 200, 5 * MINUTE, HOUR - 1, HOUR, HOUR + 1])
def test_late_behind_a_full_ring(kind: str, delay: int) -> None:
    spot = {"latitude": 1.0, "longitude": 2.0}
    log = run([*full_ring(NOON, 50), NOON + 600 * 50 - delay], place=spot, **{kind: "hot"})
    assert_equal(log, compare_from=len(log) - 1)


@pytest.mark.parametrize("delay", [0, HOUR - 1, HOUR])
@pytest.mark.parametrize("gap", [23 * HOUR, 24 * HOUR, 25 * HOUR, 25 * HOUR + 30 * MINUTE, 26 * HOUR, 40 * DAY])
@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_late_after_a_silence(delay: int, gap: int, shift: int) -> None:
    spot = {"latitude": 1.0, "longitude": 2.0}
    start = NOON + 7
    log = run([start, start + 10 * MINUTE, start + gap + shift, start + gap + shift - delay], place=spot, device="d")
    assert_equal(log)


def test_the_largest_amounts_do_not_overflow() -> None:
    log = run(full_ring(NOON, SECOND, 1500), amount=1e12, merchant="m", currency="KWD", device="d")
    assert_equal(log, compare_from=len(log) - 2)
    assert last(log, "merchant_sum_24h", "merchant_std_24h", "amount") == [float(np.float32(1499e10)), 0.0, 1e10]


def test_the_spread_of_large_amounts_is_exact() -> None:
    log = [paid(NOON + i * SECOND, i, amount=1e10 - i % 2 / 100, merchant="m") for i in range(1001)]
    assert_equal(log, compare_from=len(log) - 2)
    assert last(log, "account_std_24h") == [pytest.approx(0.005)]


@pytest.mark.parametrize("step", [1, 6 * HOUR - 1, 6 * HOUR])
@pytest.mark.parametrize("window", [DAY, 7 * DAY, 30 * DAY])
def test_fraud_share_at_the_edges_of_its_window(window: int, step: int) -> None:
    for edge in (SIX + 7 * DAY, SIX + 7 * DAY + window):
        labels = Labels()
        before = [paid(SIX, 0, merchant="m"), paid(SIX, 1, merchant="m"), paid(SIX - 1, 2, merchant="m")]
        known: list[Record] = [labels.next(transaction, known=0) for transaction in before[1:]]
        asked = [paid(edge + shift * step, 10 + shift, merchant="m") for shift in (-1, 0, 1)]
        assert_equal([*before, *known, *asked])


def test_a_label_counts_from_the_next_full_hour() -> None:
    first, labels = paid(SIX, 0), Labels()
    label = labels.next(first, known=7 * DAY + 10)
    asked = [paid(SIX + 7 * DAY + after, 1 + after) for after in (9, 10, HOUR - 1, HOUR, HOUR + 1)]
    log: list[Record] = [first, label, *asked]
    assert_equal(log)
    shares = OfflineFold(make_builder()).fold(log).vectors[2:, FEATURE_INDEX["account_fraud_share_1d"]]
    assert shares.tolist() == [0, 0, 0, 1, 1]


def test_a_verdict_taken_back_counts_no_longer() -> None:
    first, labels = paid(SIX, 0, merchant="m"), Labels()
    made = [labels.next(first, known=0), labels.next(first, known=9 * DAY), labels.next(first, known=11 * DAY)]
    asked = [paid(SIX + days * DAY, days, merchant="m") for days in (8, 10, 12)]
    for log in ([first, *made, *asked], [*reversed(made), first, *asked]):
        assert_equal(log)
        shares = OfflineFold(make_builder()).fold(log).vectors[-3:, FEATURE_INDEX["merchant_fraud_share_30d"]]
        assert shares.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("tiles", "counts"),  # asked so many tiles and the delay later: a millisecond before, at and after the edge
    [(1, (0, 2, 2)), (2, (2, 3, 3)), (5, (3, 3, 3)), (120, (3, 3, 3)), (121, (1, 1, 1)), (122, (0, 0, 0))],
)
def test_a_run_of_fraud_holds_whole_tiles(tiles: int, counts: tuple[int, ...]) -> None:
    names = ("merchant_fraud_run", "merchant_fraud_run_days", "merchant_fraud_run_mean")
    stolen = [paid(SIX + hours * HOUR, 1 + hours, merchant="m", amount=10.0 + hours) for hours in (0, 1, 6)]
    for shift, count in zip((-1, 0, 1), counts, strict=True):
        labels = Labels()
        known: list[Record] = [labels.next(transaction, known=0) for transaction in stolen]
        asked = paid(SIX + asked_after(tiles, shift), 50, merchant="m")
        log: list[Record] = [paid(SIX - HOUR, 0, merchant="m"), *stolen, *known, asked]
        assert_equal(log)
        began, mean = {3: (0, 37 / 3), 2: (0, 10.5), 1: (6 * HOUR, 16.0), 0: (math.nan, math.nan)}[count]
        days = (asked_after(tiles, shift) - began) / DAY
        assert last(log, *names) == pytest.approx([count, days, mean], nan_ok=True)


def asked_after(tiles: int, shift: int) -> int:
    return 7 * DAY + tiles * 6 * HOUR + shift


def test_one_honest_payment_ends_a_run_of_fraud() -> None:
    labels = Labels()
    stolen = [paid(SIX + tiles * 6 * HOUR, tiles, merchant="m") for tiles in range(4)]
    known: list[Record] = [labels.next(transaction, known=0) for transaction in stolen]
    known.append(labels.next(stolen[3], known=9 * DAY))
    asked = [paid(SIX + days * DAY, 10 + days, merchant="m") for days in (8, 9, 11)]
    log: list[Record] = [*stolen, *known, *asked]
    assert_equal(log)
    assert OfflineFold(make_builder()).fold(log).vectors[-3:, FEATURE_INDEX["merchant_fraud_run"]].tolist() == [4, 4, 0]


@pytest.mark.parametrize("role", ["device", "merchant", "beneficiary"])
def test_an_account_with_more_values_than_its_list_holds(role: str) -> None:
    log: list[Record] = [paid(NOON, i, **{role: f"v{i}"}) for i in range(520)]
    log += [paid(NOON + 1 + i, 600 + i, **{role: f"v{i}"}) for i in range(30)]
    assert_equal(log, compare_from=505)


def test_an_account_seen_by_more_accounts_than_a_list_holds() -> None:
    log = [
        paid(NOON + i // 100, i, account=f"a{i}", device="d", address="10.0.0.1", beneficiary="b") for i in range(300)
    ]
    assert_equal(log, compare_from=250)
    assert Flag.LIST_FULL in last_flags(log)


def test_a_century_between_two_events() -> None:
    first, second = 946_684_800_000, 4_102_444_799_999  # the years that a transaction may have
    spot = {"latitude": 90.0, "longitude": -180.0}
    for times in ([first, second, second], [second, first, second - HOUR, second], [first, first + 1, first]):
        assert_equal(run(times, place=spot, device="d", merchant="m", address="10.0.0.1", beneficiary="b"))
