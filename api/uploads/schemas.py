"""Uploads over HTTP: what is asked, and what the answers look like."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator, model_validator

from analysis.extract.reading import (
    Accounting,
    BalanceCheck,
    Finding,
    Format,
    FoundColumn,
    Layout,
    Mapping,
    Question,
    Wanted,
)
from analysis.extract.text_codecs import one_byte, text_codec
from api.cases.paging import PageQuery
from api.listing import Listed
from api.schemas import Answer
from storage.jobs import Job, JobState
from storage.uploads import StoredUpload

UploadState = Literal["received", "parsing", "parsed", "needs_confirmation", "refused", "failed", "cancelled"]

_MAPPING: dict[str, Any] = {
    "columns": {"amount": "Belopp", "time": "Bokföringsdag", "account": "Konto", "text": "Text"},
    "decimal_sign": ",", "date_order": "ymd", "time_zone": "Europe/Stockholm", "currency": "SEK",
}  # fmt: skip
_LAYOUT: dict[str, Any] = {
    "encoding": "cp1252", "delimiter": ";", "quote": '"', "skip": 2, "header": True, "sheet": None, "record": None,
}  # fmt: skip


class UploadQuery(PageQuery):
    """Of a list of uploads, or of what one's file holds."""


class ParseJobOut(Answer):
    """The last job that read the file, or will; `done` of `total` are bytes of it, while it sorts what it read rows."""

    job_id: UUID
    state: JobState
    stage: str
    done: int
    total: int

    @classmethod
    def of(cls, job: Job) -> "ParseJobOut":
        return cls(job_id=job.job_id, state=job.state, stage=job.stage, done=job.rows_done, total=job.rows_total)


class UploadOut(Answer):
    """An uploaded file. `rows` landed, `rejected` did not, and are listed with their reasons.

    `accounting` says what became of every line; `balance`, whether a balance column confirms the amounts.
    `needs_confirmation`: two readings are possible and differ in money; `questions` has both with their sums, and a
    `PUT` of the chosen one's `mapping` decides. `refused`: nothing of it can be used, `problem` says why. `failed`: it
    was not read, which is no fault of its own.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "upload_id": "6f1d2a0e-5d0f-4a53-9a3c-1f6f7a3b1c2d", "file_name": "ledger.csv",
                    "size_bytes": 104857, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "state": "parsed", "problem": None, "format": "csv", "rows": 1204, "rejected": 3, "revision": 1,
                    "accounting": {"lines": 1211, "landed": 1204, "listed": 3, "header": 1, "preamble": 2,
                                   "continuation": 0, "total": 1, "blank": 0},
                    "balance": {"confirmed": 1203, "checked": 1203, "breaks": []}, "questions": [],
                    "job": {"job_id": "0b6f2a0e-5d0f-4a53-9a3c-1f6f7a3b1c2d", "state": "done", "stage": "parse",
                            "done": 104857, "total": 104857},
                    "created_by": "user:17", "created_at": "2026-03-01T12:00:00Z",
                    "parsed_at": "2026-03-01T12:00:01Z", "repeated": False,
                }
            ]
        }
    )  # fmt: skip

    upload_id: UUID
    file_name: str
    size_bytes: int
    sha256: str
    state: UploadState
    problem: str | None
    format: Format | None
    rows: int | None
    rejected: int | None
    accounting: Accounting | None
    balance: BalanceCheck | None
    questions: list[Question]
    revision: Annotated[int, Field(description="Counts the readings that were asked for")]
    job: ParseJobOut | None
    created_by: str
    created_at: datetime
    parsed_at: datetime | None
    repeated: Annotated[bool, Field(description="The same bytes were here before; this is that upload")] = False

    @classmethod
    def of(cls, upload: StoredUpload, job: Job | None, *, repeated: bool = False) -> "UploadOut":
        state, problem = _state_of(upload, job)
        outcome = upload.outcome
        return cls(
            upload_id=upload.upload_id,
            file_name=upload.file_name,
            size_bytes=upload.size_bytes,
            sha256=upload.sha256.hex(),
            state=state,
            problem=problem,
            format=upload.reading.get("format") if upload.reading else None,
            rows=upload.rows,
            rejected=upload.rejected,
            accounting=Accounting.model_validate(outcome["accounting"]) if outcome else None,
            balance=BalanceCheck.model_validate(outcome["balance"]) if outcome and outcome["balance"] else None,
            questions=[Question.model_validate(each) for each in _questions(upload)],
            revision=upload.revision,
            job=ParseJobOut.of(job) if job else None,
            created_by=upload.created_by,
            created_at=upload.created_at,
            parsed_at=upload.parsed_at,
            repeated=repeated,
        )


class UploadPage(Listed):
    """The newest first. `next_cursor` is null on the last page."""

    items: list[UploadOut]
    next_cursor: str | None


class RejectOut(Answer):
    """A row that did not land: where it stands, which of its columns is at fault, why, and what stands there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"line": 812, "column": "Belopp", "reason": "there is no amount", "excerpt": "n/a"}]
        }
    )

    line: int
    column: str
    reason: str
    excerpt: str


class RejectPage(Answer):
    """In the order of the file's parts. `next_cursor` is null on the last page."""

    items: list[RejectOut]
    next_cursor: str | None


class ReadingOut(Answer):
    """How the file is read. `origin` of the mapping: guessed, kept from last time with such a file, or given.

    `findings` say what was understood, how surely (`certain`, `likely`, `assumed`) and by what evidence; `known_export`
    names the bank whose export this is known to be.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "revision": 1, "format": "csv", "layout": _LAYOUT, "mapping": _MAPPING, "origin": "guessed",
                    "columns": [{"name": "Belopp", "examples": ["-1 234,50", "12,00"]}],
                    "findings": [{"subject": "amount", "value": "Belopp", "basis": "balance", "certainty": "certain",
                                  "evidence": "the balance moves by it in 28 of 28 rows"}],
                    "questions": [], "known_export": None,
                }
            ]
        }
    )  # fmt: skip

    revision: int
    format: Format
    layout: Layout
    columns: list[FoundColumn]
    mapping: Mapping
    origin: str
    findings: Annotated[list[Finding], Field(default_factory=list)]
    questions: Annotated[list[Question], Field(default_factory=list)]
    known_export: str | None = None


class LayoutIn(Layout):
    """How the file is taken apart; what is null is found out."""

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str | None) -> str | None:
        if name is not None:
            text_codec(name)
        return name

    @field_validator("delimiter")
    @classmethod
    def _one_byte(cls, sign: str | None) -> str | None:
        return None if sign is None else one_byte(sign)

    @model_validator(mode="after")
    def _different_signs(self) -> Self:
        if self.delimiter is not None and self.delimiter == self.quote:
            raise ValueError("delimiter and quote are the same character")
        return self


class ReadingIn(Wanted):
    """How to read the file. What `layout` leaves out is found out; a mapping of null is guessed again."""

    layout: LayoutIn = LayoutIn()

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"layout": {"delimiter": ";"}, "mapping": _MAPPING, "keep": True}]},
    )


def _questions(upload: StoredUpload) -> list[dict[str, Any]]:
    """Those that are open: a reading that was chosen leaves none."""
    if upload.state != "needs_confirmation" or upload.reading is None:
        return []
    questions: list[dict[str, Any]] = upload.reading.get("questions", [])
    return questions


def _state_of(upload: StoredUpload, job: Job | None) -> tuple[UploadState, str | None]:
    """What a client sees; a job that ended without a word in the upload's row tells by itself."""
    if upload.state == "parsed":
        return "parsed", None
    if upload.state == "refused":
        return "refused", upload.problem
    if upload.state == "needs_confirmation":
        return "needs_confirmation", upload.problem
    match job.state if job else None:
        case JobState.RUNNING:
            return "parsing", None
        case JobState.FAILED:
            return "failed", job.error if job else None
        case JobState.CANCELLED:
            return "cancelled", None
    return "received", None
