"""What children do: the parts of the jobs that look at a client's data. Neither asks Postgres nor stores anything."""

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from analysis.child import Link
from analysis.extract.extract import Defaults, Extracted, extract
from analysis.extract.reading import Wanted
from analysis.found import found_of
from analysis.jobs import JobFailed
from analysis.preview import previewed
from analysis.rows import ParquetRows
from analysis.run import analyse
from analysis.sample_rows import sample
from analysis.strategy import InvalidStrategy, parsed
from contracts.anomaly import file_row_id
from contracts.card_numbers import tokens
from storage.anomalies import FoundAnomaly


@dataclass(frozen=True, slots=True)
class FileToRead:
    """`path`: the file; its rows and rejects go into `folder`. The worker is asked which mapping is kept."""

    path: Path
    file_name: str
    folder: Path
    wanted: Wanted | None
    time_zone: str
    card_token_key: bytes


@dataclass(frozen=True, slots=True)
class RowsToAnalyse:
    """`upload_id`: of a file's rows, None of a stored period's."""

    rows: Path
    folder: Path
    strategy: dict[str, Any]
    upload_id: UUID | None


@dataclass(frozen=True, slots=True)
class RowsAnalysed:
    """An `analysis.run.Outcome` without the scores of all rows, and its anomalies with theirs."""

    rows: int
    flagged: int
    judged: dict[str, int]
    found: list[FoundAnomaly]


@dataclass(frozen=True, slots=True)
class RowsToPreview:
    """A sample of at most `rows_max` of the rows, of which there are `rows_total`, through two strategies."""

    rows: Path
    rows_total: int
    rows_max: int
    folder: Path
    document: dict[str, Any]
    document_current: dict[str, Any]


def read_file(link: Link, asked: FileToRead) -> Extracted:
    """Raises FileRefused, FileNotFoundError."""
    return extract(
        asked.path,
        asked.file_name,
        asked.folder / "rows.parquet",
        asked.folder / "rejects.parquet",
        wanted=asked.wanted,
        defaults=Defaults(time_zone=asked.time_zone, kept=link.ask, card_tokens=tokens(asked.card_token_key)),
        progress=link.progress,
    )


def analyse_rows(link: Link, asked: RowsToAnalyse) -> RowsAnalysed:
    """Raises JobFailed."""
    rows, upload_id = ParquetRows(asked.rows), asked.upload_id
    try:
        outcome = analyse(rows, parsed(asked.strategy), progress=link.progress, folder=asked.folder)
    except InvalidStrategy as error:
        raise JobFailed(f"the strategy: {error}") from error

    def subject_of(row: int, record: AnyMapping[str, Any]) -> str:
        """What an anomaly is called in alerts and feedback."""
        return str(record["transaction_id"]) if upload_id is None else file_row_id(upload_id, row)

    return RowsAnalysed(outcome.rows, outcome.flagged, outcome.judged, list(found_of(outcome, rows, subject_of)))


def preview_rows(link: Link, asked: RowsToPreview) -> Any:
    """The preview as plain values. Raises JobFailed."""
    try:
        found = previewed(
            sample(asked.rows, asked.folder / "sample.parquet", asked.rows_max),
            asked.rows_total,
            parsed(asked.document),
            parsed(asked.document_current),
            folder=asked.folder,
            progress=link.progress,
            cancelled=lambda: False,  # a child is killed
        )
    except InvalidStrategy as error:
        raise JobFailed(f"the strategy: {error}") from error
    return msgspec.json.decode(msgspec.json.encode(found))
