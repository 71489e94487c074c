"""What a run found, with the rows that it was found in."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from analysis.rows import ParquetRows
from analysis.run import Outcome
from storage.anomalies import FoundAnomaly

SubjectOf = Callable[[int, Mapping[str, Any]], str]  # (row, record) → what it is called in alerts and feedback


def found_of(outcome: Outcome, rows: ParquetRows, subject_of: SubjectOf) -> Iterator[FoundAnomaly]:
    """The anomalies with their rows, ranked from 1."""
    places = sorted(anomaly.place for anomaly in outcome.anomalies)
    records = dict(zip(places, rows.records(places), strict=True))
    for rank, anomaly in enumerate(outcome.anomalies, 1):
        record = {name: value for name, value in records[anomaly.place].items() if value is not None}
        yield FoundAnomaly(
            place=anomaly.place,
            rank=rank,
            row=anomaly.row,
            score=anomaly.score,
            shares=dict(anomaly.shares),
            reasons=dict(anomaly.reasons),
            subject=subject_of(anomaly.row, record),
            record=record,
        )
