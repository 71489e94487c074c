"""What every HTTP exchange passes first: request id, limits, security headers, metrics, log, the last resort."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import REQUEST_SECONDS, REQUESTS
from api.older_paths import present_path
from api.problems import (
    ADDRESS_TOO_LONG,
    HEADERS_TOO_LARGE,
    INTERNAL,
    NOT_READY,
    TOO_LARGE,
    TOO_SLOW,
    Kind,
    Problem,
    answer_to,
    document,
)
from error_reports import report

BODY_BYTES_MAX = 1024 * 1024  # of any request but an upload
BODY_S = 30.0  # for a body to arrive; a slower one holds its handler and a connection for nothing
UPLOADS = "/v1/uploads"
UPLOAD_S = 600.0  # 100 MB in ten minutes: 1.4 Mbit/s
UPLOAD_FRAME_BYTES = 64 * 1024  # of the form around a file
ADDRESS_BYTES_MAX = 16 * 1024  # path and query; the longest cursor takes half of it
HEADERS_BYTES_MAX = 32 * 1024
CLOSE = {"Connection": "close"}  # the rest of the body is not read
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}

# Requests that are logged at LOG_LEVEL=DEBUG only, unless they fail: a feed of payments would fill the disk, and
# metrics count them.
QUIET_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
QUIET_ROUTES = frozenset({"/v1/score", "/v1/score/batch", "/v1/predict"})
PROBES = frozenset({"/readyz", "/readiness"})  # asked every second or so: that the answer is no yet is no news

WENT_AWAY = 499  # in log and metrics, of a request whose caller left before it was all there; nobody sees it

ANSWER_HEADERS = "answer_headers"  # in a request's state: headers that its answer gets, a problem too

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of a body: its size, and the time for it to arrive."""

    bytes_max: int
    seconds: float


ANY_BODY = Bounds(BODY_BYTES_MAX, BODY_S)


class Edge:
    """ASGI middleware, around all but CORS, so that its headers are on every answer, errors included."""

    def __init__(self, app: ASGIApp, secure: bool = False, file_bytes_max: int = BODY_BYTES_MAX) -> None:
        self._app = app
        self._upload = Bounds(file_bytes_max + UPLOAD_FRAME_BYTES, UPLOAD_S)
        self._headers = dict(HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = scope["method"] == "POST" and (present_path(scope["path"]) or scope["path"]) == UPLOADS
        bounds = self._upload if is_upload else ANY_BODY
        exchange = _Exchange(scope, receive, send, self._headers, bounds)
        await exchange.run(self._app)
        with suppress(Exception):  # the answer has gone out; a figure or a line that cannot be kept is no failure of it
            exchange.record()


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], bounds: Bounds) -> None:
        self._scope, self._receive, self._send, self._headers = scope, receive, send, headers
        self._bounds = bounds
        self._began_s = time.perf_counter()
        self._bytes = 0
        self._body_ended = False
        self._went_away = False
        self._status = 0
        self.request_id = uuid4().hex
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def run(self, app: ASGIApp) -> None:
        try:
            self._check_head()
            await app(self._scope, self.receive, self.send)
        except ClientDisconnect:
            self._went_away = True  # nobody erred, and nobody is there to be told
        except Exception as error:
            answer = None if self._status else answer_to(error, self.request_id)
            if answer is None:  # the last resort: the caller gets a problem, and the log the trace
                with suppress(Exception):  # a log that cannot be written (the disk is full) costs nobody an answer
                    log.exception("request_failed", request_id=self.request_id, route=self._route)
                    report(error)
                if self._status:
                    raise
                answer = document(INTERNAL, "The request id finds it in the log.", self.request_id)
            await answer(self._scope, self._receive, self.send)

    def _check_head(self) -> None:
        headers = self._scope["headers"]
        if len(self._scope.get("raw_path") or b"") + len(self._scope["query_string"]) > ADDRESS_BYTES_MAX:
            raise _refusal(ADDRESS_TOO_LONG, ADDRESS_BYTES_MAX)
        if sum(len(name) + len(value) for name, value in headers) > HEADERS_BYTES_MAX:
            raise _refusal(HEADERS_TOO_LARGE, HEADERS_BYTES_MAX)
        length = next((value for name, value in headers if name == b"content-length"), b"0")
        if length.isdigit() and int(length) > self._bounds.bytes_max:
            raise _refusal(TOO_LARGE, self._bounds.bytes_max)

    async def receive(self) -> Message:
        """The next piece of the body, within bounds; after the body, whatever comes, without a deadline."""
        if self._body_ended:
            return await self._receive()
        try:
            async with asyncio.timeout(self._began_s + self._bounds.seconds - time.perf_counter()):
                message = await self._receive()
        except TimeoutError as error:
            raise Problem(TOO_SLOW, f"{self._bounds.seconds:g} s are allowed", headers=CLOSE) from error
        if message["type"] == "http.disconnect":
            self._went_away = not self._status
            return message
        self._body_ended = not message.get("more_body", False)
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._bounds.bytes_max:
            raise _refusal(TOO_LARGE, self._bounds.bytes_max)
        return message

    async def send(self, message: Message) -> None:
        if self._went_away:  # what is answered to half a body is no error of its caller's
            return
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = self.request_id
            headers.update(self._scope["state"].get(ANSWER_HEADERS, {}))
        await self._send(message)

    def record(self) -> None:
        """Metrics by the route's pattern: a path holds ids, and would make a series of each."""
        method, route = self._scope["method"], self._route
        seconds = time.perf_counter() - self._began_s
        status = WENT_AWAY if self._went_away else self._status
        REQUESTS.labels(method, route, str(status)).inc()
        REQUEST_SECONDS.labels(method, route).observe(seconds)
        probed = route in PROBES and status == NOT_READY.status
        quiet = probed or self._went_away or (status < 400 and (method in QUIET_METHODS or route in QUIET_ROUTES))
        caller = self._scope["state"].get("caller")
        (log.debug if quiet else log.info)(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            request_id=self.request_id,
            client_id=caller and caller.client_id,
            actor=caller and caller.actor,
        )

    @property
    def _route(self) -> str:
        """The pattern, such as `/v1/alerts/{alert_id}`: an address may hold somebody's number."""
        return getattr(self._scope.get("route"), "path", "none")


def _refusal(kind: Kind, bytes_max: int) -> Problem:
    return Problem(kind, f"{bytes_max} bytes are allowed", headers=CLOSE)
