"""What every HTTP exchange passes first: request id, body limit, security headers, metrics, the last resort."""

import time
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import REQUEST_SECONDS, REQUESTS
from api.problems import INTERNAL, TOO_LARGE, Problem, document

BODY_BYTES_MAX = 1024 * 1024  # of any request so far; uploads will bring their own limit
TOO_LARGE_DETAIL = f"{BODY_BYTES_MAX} bytes are allowed"
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

ANSWER_HEADERS = "answer_headers"  # in a request's state: headers that its answer gets, a problem too

log = structlog.get_logger()


class Edge:
    """ASGI middleware, outermost, so that its headers are on every answer, errors included."""

    def __init__(self, app: ASGIApp, secure: bool = False) -> None:
        self._app = app
        self._headers = dict(HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._headers)
        if exchange.announced_bytes > BODY_BYTES_MAX:
            await exchange.refuse_body()
        else:
            await exchange.run(self._app)
        exchange.record()


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str]) -> None:
        self._scope, self._receive, self._send, self._headers = scope, receive, send, headers
        self._began_s = time.perf_counter()
        self._bytes = 0
        self._status = 0
        self.request_id = uuid4().hex
        scope.setdefault("state", {})["request_id"] = self.request_id

    @property
    def announced_bytes(self) -> int:
        length = dict(self._scope["headers"]).get(b"content-length", b"0")
        return int(length) if length.isdigit() else 0

    async def run(self, app: ASGIApp) -> None:
        try:
            await app(self._scope, self.receive, self.send)
        except Exception:  # the last resort: whatever it was, the caller gets a problem, and the log the trace
            log.exception("request_failed", request_id=self.request_id, path=self._scope["path"])
            if self._status:
                raise
            answer = document(INTERNAL, "The request id finds it in the log.", self.request_id)
            await answer(self._scope, self._receive, self.send)

    async def refuse_body(self) -> None:
        answer = document(TOO_LARGE, TOO_LARGE_DETAIL, self.request_id, {"Connection": "close"})
        await answer(self._scope, self._receive, self.send)

    async def receive(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes > BODY_BYTES_MAX:
            raise Problem(TOO_LARGE, TOO_LARGE_DETAIL, headers={"Connection": "close"})
        return message

    async def send(self, message: Message) -> None:
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
        route = getattr(self._scope.get("route"), "path", "none")
        seconds = time.perf_counter() - self._began_s
        REQUESTS.labels(self._scope["method"], route, str(self._status)).inc()
        REQUEST_SECONDS.labels(self._scope["method"], route).observe(seconds)
        log.debug("request", route=route, status=self._status, ms=round(seconds * 1000, 1), request_id=self.request_id)
