"""Which case an alert belongs to."""

from itertools import groupby
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.case import case_id_of
from contracts.decision import alert_id_of
from storage.case_join import SPAN_MS, CaseBook, Raised, Span

HOUR_MS = 3_600_000
TIMES = st.lists(st.tuples(st.integers(0, 4 * SPAN_MS), st.sampled_from("ab")), max_size=40)


def raised(number: int, time_ms: int, account: str = "a") -> Raised:
    return Raised(1, account, UUID(alert_id_of(1, f"tx-{number}")), time_ms)


def opened_by(number: int) -> UUID:
    return UUID(case_id_of(alert_id_of(1, f"tx-{number}")))


def cases_of(*hours: float) -> list[int]:
    """Which alert opened the case of each, for alerts at these hours in the order of their arrival."""
    book = CaseBook()
    openers = {opened_by(number): number for number in range(len(hours))}
    return [openers[book.join(raised(number, int(hour * HOUR_MS)))] for number, hour in enumerate(hours)]


def test_a_day_from_the_first_alert() -> None:
    assert cases_of(0, 1, 23.9, 24, 24.1) == [0, 0, 0, 0, 4]


def test_a_late_alert_joins_as_long_as_all_lie_within_a_day() -> None:
    assert cases_of(10, 0, 24, 24.5) == [0, 0, 0, 3]
    assert cases_of(30, 40, 10) == [0, 0, 2]


def test_between_two_cases_the_earlier_one_takes_it() -> None:
    assert cases_of(0, 30, 20) == [0, 1, 0]
    assert cases_of(30, 0, 20) == [0, 1, 1]


def test_accounts_and_clients_have_their_own() -> None:
    book = CaseBook()
    other = Raised(2, "a", UUID(alert_id_of(2, "tx-0")), 0)
    assert len({book.join(raised(0, 0)), book.join(raised(1, 0, "b")), book.join(other)}) == 3


@given(TIMES)
def test_every_alert_in_one_case_and_a_case_within_a_day(arrivals: list[tuple[int, str]]) -> None:
    book = CaseBook()
    joined = sorted(
        (book.join(raised(number, time_ms, account)), account, time_ms)
        for number, (time_ms, account) in enumerate(arrivals)
    )
    for _, alerts in groupby(joined, key=lambda found: found[0]):
        of_case = list(alerts)
        assert len({account for _, account, _ in of_case}) == 1
        times = [time_ms for _, _, time_ms in of_case]
        assert max(times) - min(times) <= SPAN_MS


@given(TIMES, st.integers(0, 40))
def test_batches_do_not_matter(arrivals: list[tuple[int, str]], cut: int) -> None:
    """A second batch that knows the cases of the first goes on where one large batch would."""
    alerts = [raised(number, time_ms, account) for number, (time_ms, account) in enumerate(arrivals)]
    whole, first = CaseBook(), CaseBook()
    expected = [whole.join(alert) for alert in alerts]
    known: dict[tuple[int, str], dict[UUID, Span]] = {}
    for alert in alerts[:cut]:
        case_id = first.join(alert)
        spans = known.setdefault((1, alert.account), {})
        spans[case_id] = spans.get(case_id, Span(case_id, alert.event_time_ms, alert.event_time_ms)).with_time(
            alert.event_time_ms
        )
    second = CaseBook({key: list(spans.values()) for key, spans in known.items()})
    assert [second.join(alert) for alert in alerts[cut:]] == expected[cut:]
