"""RFC 9457 problem documents: every error that leaves the gateway, with a stable type and the request's id."""

import errno
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from contracts.errors import StoreUnavailable

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:riskstream:problem:"
RETRY_AFTER_S = 1  # asks a caller for a short pause; the stores come back within seconds
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})  # of an OSError
ERRORS_MAX = 20  # of one request; more tell a caller nothing new

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of problem. Types never change their meaning; `urn:riskstream:problem:<slug>`."""

    status: int
    slug: str
    title: str


INVALID_REQUEST = Kind(422, "invalid-request", "The request is not valid")
MALFORMED = Kind(400, "malformed-request", "The request cannot be read")
INVALID_CURSOR = Kind(400, "invalid-cursor", "The cursor does not belong to this list")
NOT_AUTHENTICATED = Kind(401, "not-authenticated", "Credentials are missing or not valid")
FORBIDDEN = Kind(403, "forbidden", "These credentials do not allow this")
NOT_FOUND = Kind(404, "not-found", "There is nothing here")
METHOD_NOT_ALLOWED = Kind(405, "method-not-allowed", "This method is not allowed here")
TOO_SLOW = Kind(408, "too-slow", "The body did not arrive in time")
CONFLICT = Kind(409, "conflict", "What is there now does not allow this")
GONE = Kind(410, "gone", "It was there, and is gone for good")
IN_PROGRESS = Kind(409, "idempotency-in-progress", "A request with this Idempotency-Key is being answered")
ANSWER_NOT_KEPT = Kind(409, "idempotency-answer-not-kept", "This was done already; its answer is not kept")
CHANGED_MEANWHILE = Kind(412, "changed-meanwhile", "Somebody else changed it: read it again")
TOO_LARGE = Kind(413, "too-large", "The body is too large")
ADDRESS_TOO_LONG = Kind(414, "address-too-long", "The address is too long")
UNSUPPORTED = Kind(415, "unsupported-media-type", "This kind of body is not accepted here")
KEY_REUSED = Kind(422, "idempotency-key-reused", "This Idempotency-Key belongs to another request")
UPGRADE_REQUIRED = Kind(426, "upgrade-required", "This address speaks WebSocket")
VERSION_REQUIRED = Kind(428, "version-required", "Say which version is to be changed: If-Match")
EMAIL_TAKEN = Kind(409, "email-taken", "This email address has an account already")
SECOND_FACTOR_REQUIRED = Kind(401, "second-factor-required", "A second factor is needed to sign in")
SECOND_FACTOR_WRONG = Kind(401, "second-factor-wrong", "The second factor is wrong, or was used before")
ENROLMENT_REQUIRED = Kind(403, "enrolment-required", "Enrol a second factor first")
PROOF_REQUIRED = Kind(403, "proof-required", "Say once more who you are")
LAST_ADMINISTRATOR = Kind(409, "last-administrator", "A client keeps at least one administrator")
TOO_MANY_KEPT = Kind(409, "too-many-kept", "There are as many of these as a client may have")
TOKEN_SPENT = Kind(410, "token-spent", "This one-time token is unknown, used or over")
WEAK_PASSWORD = Kind(422, "weak-password", "This password is too easy to guess")
ID_REUSED = Kind(422, "id-reused", "This transaction id came before with another body")
NOT_EXPLAINABLE = Kind(409, "not-explainable", "This decision cannot be explained any more")
TOO_MANY_ATTEMPTS = Kind(429, "too-many-attempts", "Too many failed attempts to sign in")
RATE_LIMITED = Kind(429, "rate-limited", "Too many requests")
HEADERS_TOO_LARGE = Kind(431, "headers-too-large", "The request's headers are too large")
QUOTA_EXCEEDED = Kind(429, "quota-exceeded", "The month's quota of scored transactions is used up")
BUSY = Kind(503, "busy", "Too much of this is being done at this moment")
INTERNAL = Kind(500, "internal", "Something went wrong on our side")
UNAVAILABLE = Kind(503, "unavailable", "A part that this needs does not answer; try again")
NOT_READY = Kind(503, "not-ready", "The gateway is not ready")

BY_STATUS = {  # the most general kind of each status; several kinds may share one
    kind.status: kind
    for kind in (
        MALFORMED, NOT_AUTHENTICATED, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_SLOW, CONFLICT, GONE,
        CHANGED_MEANWHILE, TOO_LARGE, ADDRESS_TOO_LONG, UNSUPPORTED, INVALID_REQUEST, UPGRADE_REQUIRED,
        VERSION_REQUIRED, RATE_LIMITED, HEADERS_TOO_LARGE, INTERNAL, UNAVAILABLE,
    )
}  # fmt: skip

_DETAILS = {  # of what the router itself refuses
    404: "there is no such address; see /docs",
    405: "the methods allowed here are in the header Allow",
}


_PLACE_OF_KIND = {
    ID_REUSED: "body.transaction_id",
    KEY_REUSED: "header.idempotency-key",
    WEAK_PASSWORD: "body.password",
}
_NAMED_PLACE = re.compile(r"(?P<where>(?:body|query|path|header|cookie)(?:\.[\w.-]+)?): ")
_DECODERS_PLACE = re.compile(r"(?P<why>.+) - at `\$(?P<path>[^`]*)`", re.DOTALL)  # msgspec's, and ours like it
_MISSING_FIELD = re.compile(r"required field `(?P<name>\w+)`")


class Problem(HTTPException):
    """Raise to answer with a problem document. `extra` members go into it as they are."""

    def __init__(self, kind: Kind, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(kind.status, detail, headers)
        self.kind = kind
        self.extra = extra


def document(
    kind: Kind, detail: str, request_id: str, headers: dict[str, str] | None = None, **extra: Any
) -> JSONResponse:
    """The response that carries one problem."""
    body = members(kind, detail, request_id, **extra)
    return JSONResponse(body, kind.status, headers, MEDIA_TYPE)


def members(kind: Kind, detail: str, request_id: str, **extra: Any) -> dict[str, Any]:
    """A problem as JSON. Every 422 lists its `errors`, each with where and why."""
    if kind.status == INVALID_REQUEST.status and "errors" not in extra:
        extra["errors"] = [error_of(kind, detail)]
    return {
        "type": TYPE_PREFIX + kind.slug,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "request_id": request_id,
        **extra,
    }


def error_of(kind: Kind, detail: str) -> dict[str, str]:
    """Where and why, of a problem that was raised with one sentence: `body.name: why`, or `why - at `$.name``."""
    if decoded := _DECODERS_PLACE.fullmatch(detail):
        where = f"body{decoded['path']}".replace("[", ".").replace("]", "")
        return {"where": where.rstrip("."), "why": decoded["why"]}
    if named := _NAMED_PLACE.match(detail):
        return {"where": named["where"], "why": detail[named.end() :]}
    if missing := _MISSING_FIELD.search(detail):
        return {"where": f"body.{missing['name']}", "why": detail}
    return {"where": _PLACE_OF_KIND.get(kind, "body"), "why": detail}


def answer_to(error: Exception, request_id: str) -> JSONResponse | None:
    """The answer to an error that was raised on purpose; None to any other."""
    if isinstance(error, Problem):
        return document(error.kind, error.detail, request_id, dict(error.headers or {}), **error.extra)
    if isinstance(error, StoreUnavailable):
        _warn("store_unavailable", error, request_id)
        return document(UNAVAILABLE, str(error), request_id, {"Retry-After": str(RETRY_AFTER_S)})
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        _warn("disk_full", error, request_id)
        detail = "there is no room left on our disk; what was asked for was not done"
        return document(UNAVAILABLE, detail, request_id, {"Retry-After": str(RETRY_AFTER_S)})
    return None


def _warn(event: str, error: Exception, request_id: str) -> None:
    """Where the log cannot be written, the answer goes out all the same."""
    with suppress(Exception):
        log.warning(event, error=str(error), request_id=request_id)


def install(app: FastAPI) -> None:
    """Make every error that a route or the router raises a problem document, and what fails around them."""
    app.add_exception_handler(Exception, _on_anything)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(StoreUnavailable, _on_unavailable)


def request_id_of(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    answer = answer_to(error, request_id_of(request))
    if answer is not None:
        return answer
    kind = BY_STATUS.get(error.status_code) or Kind(error.status_code, f"http-{error.status_code}", error.detail)
    return document(kind, _DETAILS.get(error.status_code, error.detail), request_id_of(request), headers)


async def _on_anything(request: Request, _: Exception) -> JSONResponse:
    """What even the edge did not catch: the framework would answer in plain text."""
    request_id = request_id_of(request) or uuid4().hex
    headers = {"X-Request-ID": request_id, "Connection": "close"}
    return document(INTERNAL, "The request id finds it in the log.", request_id, headers)


async def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    """Says where and why; never repeats the input, which may hold a secret."""
    assert isinstance(error, RequestValidationError)
    errors = [
        {"where": ".".join(str(part) for part in item["loc"]), "why": item["msg"]}
        for item in error.errors()[:ERRORS_MAX]
    ]
    detail = f"{errors[0]['where']}: {errors[0]['why']}" if errors else INVALID_REQUEST.title
    if errors and all(item["where"] == "query.cursor" for item in errors):
        return document(INVALID_CURSOR, detail, request_id_of(request))
    return document(INVALID_REQUEST, detail, request_id_of(request), errors=errors)


async def _on_unavailable(request: Request, error: Exception) -> JSONResponse:
    answer = answer_to(error, request_id_of(request))
    assert answer is not None
    return answer
