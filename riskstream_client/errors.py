"""What can go wrong for a caller; beside these StoreUnavailable: nobody answers, the same call can be repeated."""

from typing import TypeVar

import msgspec

from contracts.errors import RiskstreamError

TYPE_PREFIX = "urn:riskstream:problem:"
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # what a decoder raises
T = TypeVar("T")


class FileError(RiskstreamError):
    """A file cannot be read as what it is said to be; the text is one sentence that says what to do."""


class ProblemError(RiskstreamError):
    """The gateway refused a call. `kind` is its stable name, such as `not-found`; `request_id` finds it in the log."""

    def __init__(self, status: int, kind: str, title: str, detail: str, request_id: str) -> None:
        super().__init__(f"{title}: {detail}" if detail else title)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.request_id = request_id


class AnswerUnreadable(RiskstreamError):
    """What came is not the gateway's: something in between answers, or a gateway of another release."""


class FeedRefused(RiskstreamError):
    """The gateway ended the feed for a reason that connecting again does not mend. `code` is its close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the feed was refused: {reason or 'no reason given'} ({code})")
        self.code = code


def answer_of(body: bytes | str, kind: type[T]) -> T:
    """An answer, or a message of the feed, as what it is meant to be. Raises AnswerUnreadable."""
    try:
        return msgspec.json.decode(body, type=kind)
    except UNREADABLE as error:
        raise unreadable(error) from error


def unreadable(error: Exception) -> AnswerUnreadable:
    """What a decoder said, as one sentence of ours."""
    return AnswerUnreadable(
        f"the answer is not one of a gateway of this release ({error}); does a proxy answer in its place?"
    )


class ProblemDocument(msgspec.Struct):
    """RFC 9457, as the gateway writes it."""

    type: str = ""
    status: int = 0
    title: str = ""
    detail: str = ""
    request_id: str = ""


def problem_of(status: int, body: bytes) -> ProblemError:
    """The error behind an answer; one that is no problem document comes from something in between, such as a proxy."""
    try:
        document = msgspec.json.decode(body, type=ProblemDocument)
    except UNREADABLE:
        document = ProblemDocument()
    return error_of(status, document)


def error_of(status: int, document: ProblemDocument) -> ProblemError:
    """The error that a document describes; `status` is the answer's own."""
    kind = document.type.removeprefix(TYPE_PREFIX)
    title = document.title or f"the gateway answered with status {status}"
    return ProblemError(document.status or status, kind, title, document.detail, document.request_id)
