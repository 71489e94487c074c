"""The live statistics' process on the real Kafka and Postgres, and its parts one by one."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.decision import Decision, Recommendation, RiskLevel
from features.catalogue import FEATURE_NAMES
from pipeline.outgoing import decision_document
from scoring.drift import REFERENCE_FORMAT, SCORE_EDGES, Distribution, Reference
from scoring_worker.live_statistics import application as live
from scoring_worker.live_statistics.drift_sampler import counts_of
from scoring_worker.live_statistics.main import run_live_statistics
from scoring_worker.live_statistics.tally import (
    CLIENTS_MAX,
    DECISIONS_MAX_PER_TURN,
    TOTAL,
    Slice,
    report_of,
    score_counts,
    total_of,
)
from scoring_worker.live_statistics.windows import LastMinute
from settings import Settings
from storage.database import Pool
from storage.live_statistics import LATENCY_EDGES_MS, LiveReport, LiveStatisticsRepository

STEP_TIMEOUT_S = 60.0
LOOK_EVERY_S = 0.1


def decision(number: int, *, client_id: int = 1, alert: bool = False, time_ms: int = 0, score: float = 1.5) -> Decision:
    return Decision(
        client_id=client_id,
        transaction_id=f"t{number}",
        account="a",
        event_time_ms=time_ms,
        risk_score=score,
        risk_level=RiskLevel.CRITICAL if alert else RiskLevel.LOW,
        recommendation=Recommendation.DECLINE if alert else Recommendation.APPROVE,
        probability=0.1,
        signals={},
        model_version="m",
        catalogue_hash="h",
        policy_version="p",
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[None]:
    work = asyncio.create_task(run_live_statistics(settings))
    try:
        yield
    finally:
        os.kill(os.getpid(), signal.SIGTERM)  # as the stack ends it
        async with asyncio.timeout(STEP_TIMEOUT_S):
            await work


async def until(pool: Any, client_id: int, holds: Callable[[LiveReport], bool]) -> LiveReport:
    """The client's first report for which `holds`."""
    async with asyncio.timeout(STEP_TIMEOUT_S):
        while True:
            for report, _ in await LiveStatisticsRepository(pool).fresh(client_id, 5.0):
                if holds(report):
                    return report
            await asyncio.sleep(LOOK_EVERY_S)


async def test_what_is_published_is_reported_by_client(
    settings: Settings, topics: Any, producer: Any, pool: Pool
) -> None:
    async with running(settings):
        now_ms = int(time.time() * 1000)
        # Faust begins at the end of the log, so decisions count from its first report on.
        first = asyncio.create_task(until(pool, 1, lambda report: report.transactions > 0))
        number = 0
        while not first.done():
            await producer.send_and_wait(topics.decisions, decision_document(decision(number, time_ms=now_ms)))
            await asyncio.wait([first], timeout=LOOK_EVERY_S)
            number += 1
        for n in range(300):
            sent = decision(n, client_id=2, alert=n % 3 == 0, time_ms=int(time.time() * 1000) - 30, score=99.0)
            await producer.send(topics.decisions, decision_document(sent), partition=n % 3)
        await producer.send(topics.decisions, b"not a decision")
        await producer.flush()
        report = await until(pool, 2, lambda report: report.transactions == 300)
    assert (report.alerts, report.sampled, report.model_version) == (100, 1.0, "m")
    assert report.scores[len(SCORE_EDGES)] == 300
    assert sum(report.latency_ms) == 300
    assert report.transactions_per_second == pytest.approx(300 / report.window_s, rel=0.01)


async def test_a_flood_is_skipped_and_says_so(
    settings: Settings, topics: Any, producer: Any, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring_worker.live_statistics.tally.DECISIONS_MAX_PER_TURN", 200)
    monkeypatch.setattr(live, "BEHIND_MAX", 300)
    document = decision_document(decision(0))
    async with running(settings):

        async def trickling_until(holds: Callable[[LiveReport], bool]) -> LiveReport:
            """As `until`, while a decision comes now and then: what was skipped is known by the next one."""
            found = asyncio.create_task(until(pool, 1, holds))
            while not found.done():
                for partition in range(3):
                    await producer.send_and_wait(topics.decisions, document, partition=partition)
                await asyncio.wait([found], timeout=LOOK_EVERY_S)
            return found.result()

        await trickling_until(lambda report: report.transactions > 0)
        for n in range(15_000):
            await producer.send(topics.decisions, document, partition=n % 3)
        await producer.flush()
        await trickling_until(lambda report: report.sampled < 0.5)
        # Scaled up from what was looked at: the whole flood, but for what waits to be skipped.
        report = await trickling_until(lambda report: report.transactions > 10_000)
    assert report.transactions < 16_000


class Windows(dict[tuple[int, float], Any]):
    """What `LastMinute` needs of a table, without Faust: windows by their beginning."""

    def tumbling(self, _size: float, expires: float) -> "Windows":
        return self

    def relative_to(self, time_s: float) -> Any:
        table = self

        class Window:
            def __contains__(self, key: int) -> bool:
                return (key, time_s) in table

            def __getitem__(self, key: int) -> Any:
                return type("Value", (), {"value": staticmethod(lambda: table[key, time_s])})

            def __setitem__(self, key: int, value: Any) -> None:
                table[key, time_s] = value

        return Window()


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, 9)), max_size=60))
def test_the_last_minute_holds_what_came_within_it(story: list[tuple[int, bool, int]]) -> None:
    minute, now_s = LastMinute(Windows(), 1_000.0), 1_000.0
    seen = []
    for client_id, alert, wait_s in story:
        now_s += wait_s
        minute.turn(now_s)
        minute.filling.count(decision_document(decision(0, client_id=client_id, alert=alert)), 0, 0, len(seen))
        seen.append((now_s, client_id, alert))
    begun_s = now_s - now_s % 5 - 60  # of the oldest slice that is reported
    inside = [each for each in seen if each[0] >= begun_s]
    totals = minute.totals()
    assert totals[TOTAL][0] == len(inside)
    for client_id in (1, 2, 3):
        tally = totals.get(client_id, total_of(()))
        assert tally[0] == sum(each[1] == client_id for each in inside)
        assert tally[1] == sum(each[1] == client_id and each[2] for each in inside)
    assert 5 <= minute.seconds(now_s) <= 65


def test_a_slice_is_bounded_in_clients_and_in_decisions_a_turn() -> None:
    filling = Slice()
    for n in range(1, CLIENTS_MAX + 500):
        filling.count(decision_document(decision(n, client_id=n)), 0, 0, n)
    assert len(filling.tallies) <= CLIENTS_MAX + 1
    assert filling.tallies[TOTAL][0] == CLIENTS_MAX + 499
    while not filling.turn_is_full:
        filling.count(b"{", 0, 1, filling.unreadable)
    assert filling.unreadable == DECISIONS_MAX_PER_TURN - CLIENTS_MAX - 499
    filling.next_turn()
    assert not filling.turn_is_full


def test_a_payment_of_the_past_has_no_latency_and_a_sample_is_scaled_up() -> None:
    filling = Slice()
    for n, time_ms in enumerate((0, 10_000_000, 10_000_000)):
        filling.count(decision_document(decision(n, time_ms=time_ms)), 10_000_004, 0, n)
    report = report_of(filling.tallies[TOTAL], 10.0, 0.5, None, None)
    assert (report.transactions, report.transactions_per_second) == (6, 0.6)
    assert report.latency_ms[LATENCY_EDGES_MS.index(5)] == sum(report.latency_ms) == 4
    assert sum(score_counts(filling.tallies[TOTAL])) == 3


def test_histograms_of_vectors_have_the_bins_of_the_reference(tmp_path: Path) -> None:
    rows = np.zeros((4, len(FEATURE_NAMES)), "<f4")
    rows[:, 0] = [0.5, 1.0, 7.0, np.nan]
    expected = Distribution((1.0, 5.0), (0.5, 0.25, 0.25, 0.0))
    reference = Reference(
        format=REFERENCE_FORMAT, version="m", rows=4, score_rows=4, score=expected,
        features={FEATURE_NAMES[0]: expected, FEATURE_NAMES[1]: Distribution((), (1.0, 0.0))},
    )  # fmt: skip
    vectors = [row.tobytes() for row in rows]
    assert counts_of(vectors, reference, 1.0) == {FEATURE_NAMES[0]: [2, 0, 1, 1]}
    assert counts_of(vectors, reference, 2.5) == {FEATURE_NAMES[0]: [5, 0, 2, 2]}
    assert msgspec.json.decode(msgspec.json.encode(reference), type=Reference) == reference
