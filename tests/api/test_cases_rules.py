"""The rules of working on alerts, without a server: moves, claims, verdicts and what they say to the stream."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cases import verdicts
from api.cases.claims import CLAIM_S, claim_end, holder, is_free_for
from api.cases.paging import PageQuery, next_cursor, resumed
from api.cases.queries import AlertQuery
from api.cases.status import AFTER_VERDICT, MOVES, legal_moves, status_of_case
from api.cases.verdicts import SOURCE, SOURCE_UNDO
from api.cases.versions import check_version, tag
from api.problems import Problem
from contracts.case import CLOSED, AlertStatus, Verdict
from contracts.decision import RiskLevel
from contracts.label import Label
from storage.case_decisions import ToDecide
from storage.cases import Case
from storage.label_outbox import LastLabel

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def case(assignee: str | None, until: datetime | None) -> Case:
    return Case(
        case_id=uuid4(), client_id=1, account="a", first_event_time_ms=0, last_event_time_ms=0, first_sequence=1,
        last_sequence=1, alert_count=1, risk_score=90, severity=RiskLevel.CRITICAL, status=AlertStatus.OPEN, version=1,
        assignee=assignee, claimed_until=until, opened_at=NOW, changed_at=NOW, verdict=None,
    )  # fmt: skip


def alert(number: int = 0) -> ToDecide:
    return ToDecide(UUID(int=number), f"tx-{number}", AlertStatus.OPEN, None)


def test_every_status_can_be_left_and_reached() -> None:
    assert set(MOVES) == set(AlertStatus) == set().union(*MOVES.values())
    assert all(status not in legal_moves(status) for status in AlertStatus)
    assert all(status in CLOSED for status in AFTER_VERDICT.values())
    assert set(AFTER_VERDICT) == set(Verdict)


@given(st.sets(st.sampled_from(AlertStatus), min_size=1))
def test_a_case_is_closed_when_all_its_alerts_are(statuses: set[AlertStatus]) -> None:
    of_case = status_of_case(statuses)
    assert of_case in statuses
    assert (of_case in CLOSED) == (statuses <= CLOSED)


def test_a_claim_counts_until_it_ends() -> None:
    end = claim_end(NOW)
    assert end - NOW == timedelta(seconds=CLAIM_S)
    held = case("user:1", end)
    assert holder(held, NOW) == "user:1"
    assert (is_free_for(held, "user:1", NOW), is_free_for(held, "user:2", NOW)) == (True, False)
    assert holder(held, end) is None
    assert is_free_for(case(None, None), "user:2", NOW)


def test_versions() -> None:
    for fitting in (None, "*", tag(3), 'W/"3"', '"1", "3"'):
        check_version(fitting, 3)
    for foreign in ('"2"', "3", "", '"33"', "W/3"):
        with pytest.raises(Problem):
            check_version(foreign, 3)


@pytest.mark.parametrize(
    ("verdict", "before", "expected"),
    [
        (Verdict.CONFIRMED_FRAUD, None, (0, True)),
        (Verdict.LEGITIMATE, None, (0, False)),
        (Verdict.INCONCLUSIVE, None, None),
        (Verdict.LEGITIMATE, LastLabel(4, True, "bank"), (5, False)),
        (Verdict.CONFIRMED_FRAUD, LastLabel(4, True, "bank"), (5, True)),
        (Verdict.INCONCLUSIVE, LastLabel(4, True, "bank"), None),
        (Verdict.INCONCLUSIVE, LastLabel(4, True, SOURCE), (5, False)),
        (Verdict.INCONCLUSIVE, LastLabel(4, False, SOURCE), None),
        (Verdict.LEGITIMATE, LastLabel(2**31 - 1, True, "bank"), None),
    ],
)
def test_what_a_verdict_says(verdict: Verdict, before: LastLabel | None, expected: Any) -> None:
    last = {"tx-0": before} if before else {}
    (decided,), labels = verdicts.decide(1, verdict, [alert()], last, NOW)
    assert [(label.revision, label.fraud) for label in labels] == ([expected] if expected else [])
    assert decided.revision == (expected[0] if expected else None)
    assert decided.fraud_before == (before.fraud if before else None)


@given(st.sampled_from(Verdict), st.sampled_from(Verdict), st.booleans() | st.none())
def test_undo_says_again_what_was_said_before(first: Verdict, second: Verdict, known: bool | None) -> None:
    last = {} if known is None else {"tx-0": LastLabel(3, known, "bank")}

    def follow(labels: list[Label]) -> None:
        for label in labels:
            assert label.revision == (last["tx-0"].revision + 1 if last else 0)
            last["tx-0"] = LastLabel(label.revision, label.fraud, label.source)

    follow(verdicts.decide(1, first, [alert()], last, NOW)[1])
    before = last["tx-0"].fraud if last else False
    decided, labels = verdicts.decide(1, second, [alert()], last, NOW)
    follow(labels)
    taken_back = verdicts.undo(1, decided, last, NOW)
    follow(taken_back)
    assert bool(taken_back) == bool(labels)
    assert (last["tx-0"].fraud if last else False) == before
    assert all(label.source == SOURCE_UNDO for label in taken_back)


def test_what_somebody_said_since_stays() -> None:
    decided, _ = verdicts.decide(1, Verdict.LEGITIMATE, [alert()], {}, NOW)
    assert verdicts.undo(1, decided, {"tx-0": LastLabel(1, True, "chargeback")}, NOW) == []
    assert verdicts.undo(1, decided, {}, NOW) == []


def test_a_cursor_holds_its_question() -> None:
    query = AlertQuery(status=[AlertStatus.OPEN], account="ä/1", score_min=80, limit=7)
    cursor = next_cursor(query, [80.5, 12])
    asked, page = resumed(AlertQuery(cursor=cursor, limit=3))
    assert page is not None
    assert (asked.question, asked.limit, page.key) == (query.question, 3, [80.5, 12])


@given(st.text(alphabet=st.characters(codec="ascii"), min_size=1, max_size=60))
def test_no_text_is_a_cursor_by_accident(text: str) -> None:
    with pytest.raises(Problem):
        resumed(PageQuery(cursor=text))
