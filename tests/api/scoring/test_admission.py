"""As many calls at once as can be answered in time: the limit follows what is measured, and clients share it fairly."""

from api.scoring.admission import (
    ACTIVE_S,
    COMING_S,
    LIMIT_MIN,
    LIMIT_START,
    WAIT_SHARE,
    WINDOW_S,
    Admission,
    Ticket,
    credential_of,
)

DEADLINE_S = 1.0
TARGET_S = WAIT_SHARE * DEADLINE_S


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def _admission() -> tuple[Admission, Clock]:
    clock = Clock()
    return Admission(DEADLINE_S, clock), clock


def _fill(admission: Admission, credential: bytes) -> list[Ticket]:
    """Admit calls until one is refused."""
    tickets = []
    while (ticket := admission.admit(credential)) is not None:
        tickets.append(ticket)
    return tickets


def _answer(admission: Admission, tickets: list[Ticket]) -> None:
    for ticket in tickets:
        ticket.answered = True
        admission.finish(ticket)


def test_one_client_may_use_the_whole_limit() -> None:
    admission, _ = _admission()
    assert len(_fill(admission, b"a")) == LIMIT_START
    assert admission.refused == 1


def test_what_is_finished_makes_room_once() -> None:
    admission, _ = _admission()
    first, *_ = _fill(admission, b"a")
    admission.finish(first)
    admission.finish(first)
    assert len(_fill(admission, b"a")) == 1


def test_slow_answers_lower_the_limit_and_quick_ones_raise_it_again() -> None:
    admission, clock = _admission()
    for _ in range(30):
        tickets = _fill(admission, b"a")
        clock.now_s += 4 * TARGET_S
        _answer(admission, tickets)
    assert admission.limit == LIMIT_MIN
    for _ in range(300):
        tickets = _fill(admission, b"a")
        clock.now_s += WINDOW_S
        _answer(admission, tickets)
    assert admission.limit > LIMIT_START


def test_the_limit_settles_where_answers_take_the_time_aimed_at() -> None:
    """A store that decides 200 calls a second: the limit becomes what it does within the time aimed at."""
    admission, clock = _admission()
    rate, under_way = 400, []
    for _ in range(rate * 60):
        under_way += _fill(admission, b"a")
        clock.now_s += 1 / rate
        _answer(admission, [under_way.pop(0)])
    assert 0.5 < admission.limit / (rate * TARGET_S) < 1.2


def test_a_limit_that_nobody_reaches_does_not_grow() -> None:
    admission, clock = _admission()
    for _ in range(100):
        ticket = admission.admit(b"a")
        assert ticket is not None
        clock.now_s += WINDOW_S
        _answer(admission, [ticket])
    assert admission.limit == LIMIT_START


def test_a_flood_of_one_client_leaves_the_other_its_part() -> None:
    admission, _ = _admission()
    admission.remember(b"a", 1)
    admission.remember(b"b", 2)
    _fill(admission, b"a")
    assert len(_fill(admission, b"b")) == LIMIT_START // 2


def test_keys_of_one_client_share_its_part() -> None:
    admission, _ = _admission()
    for key in (b"a", b"b"):
        admission.remember(key, 1)
    admission.remember(b"c", 2)
    _fill(admission, b"a")
    assert _fill(admission, b"b") == []
    assert len(_fill(admission, b"c")) == LIMIT_START // 2


def test_made_up_keys_are_one_client_together() -> None:
    admission, _ = _admission()
    admission.remember(b"a", 1)
    strangers = sum(len(_fill(admission, str(number).encode())) for number in range(1_000))
    assert strangers == LIMIT_START
    assert len(_fill(admission, b"a")) == LIMIT_START // 2


def test_a_client_that_left_has_no_part_any_more() -> None:
    admission, clock = _admission()
    for key, client in ((b"a", 1), (b"b", 2), (b"c", 3)):
        admission.remember(key, client)
    once = admission.admit(b"b")
    assert once is not None
    admission.finish(once)
    clock.now_s += ACTIVE_S + 1
    _fill(admission, b"a")
    assert len(_fill(admission, b"c")) == LIMIT_START // 2


def test_calls_of_one_turn_are_counted_before_they_are_admitted() -> None:
    admission, clock = _admission()
    passed = sum(admission.may_pass(b"a") for _ in range(1_000))
    assert passed == LIMIT_START
    clock.now_s += 2 * COMING_S  # who never came to be admitted holds no place
    assert admission.may_pass(b"a")


def test_a_batch_weighs_what_it_holds_and_is_never_refused_for_ever() -> None:
    admission, _ = _admission()
    heavy = admission.admit(b"a", LIMIT_START + 1)
    assert heavy is not None
    assert admission.admit(b"a") is None
    admission.finish(heavy)
    assert admission.admit(b"a") is not None


def test_credentials_are_told_apart_by_either_header() -> None:
    found = {
        credential_of([(b"x-api-key", b"a")]),
        credential_of([(b"x-api-key", b"b"), (b"authorization", b"a")]),
        credential_of([(b"authorization", b"Bearer b")]),
        credential_of([]),
    }
    assert len(found) == 4
