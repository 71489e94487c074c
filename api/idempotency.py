"""`Idempotency-Key`: a change that is asked for twice is made once, and the second answer is the first one's.

What was done (2xx, 3xx) is kept for a day. An error changed nothing, so its key is free again for another try. A
gateway that dies in the middle leaves its key taken for a minute; after that a repeat is carried out anew.
"""

import hashlib
import re
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import uuid4

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import Authenticator, Caller, credentials_of
from api.problems import ANSWER_NOT_KEPT, IN_PROGRESS, INVALID_REQUEST, KEY_REUSED, Problem
from contracts.errors import StoreUnavailable
from storage.database import ClientPool
from storage.idempotency import IdempotencyRepository, KeptAnswer, KeptRequest, RequestKey

HEADER = "idempotency-key"
KEY_PATTERN = re.compile(r"[\x21-\x7e]{1,255}")
REPLAYED = "Idempotency-Replayed"
RETRY_AFTER_S = 1  # while the first request is on its way
BODY_BYTES_MAX = 256 * 1024  # of an answer that is kept; of a larger one only that it was given
METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# By themselves idempotent; or a stream that is not held in memory.
WITHOUT = ("/v1/score", "/v1/predict")
STREAMED = frozenset({("POST", "/v1/uploads")})  # recognised by its bytes
# Answers that hold a secret, which is shown once and stored nowhere.
SECRET_ANSWERS = re.compile(r"/auth/|/v1/api-keys|/v1/users/invitations|/v1/alerts/stream/ticket")
KEPT_HEADERS = ("content-type", "etag", "location")

log = structlog.get_logger()


class Clients(Protocol):
    def client(self, client_id: int) -> AbstractAsyncContextManager[ClientPool]: ...


class Admission(Protocol):
    async def admit_caller(self, request: Request, caller: Caller) -> None: ...


def accepts_key(method: str, path: str) -> bool:
    """Whether the header means something there."""
    return method in METHODS and not path.startswith(WITHOUT) and (method, path) not in STREAMED


class Idempotency:
    """ASGI middleware. Callers that are not known are passed on, for the route to refuse."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator, database: Clients, limiter: Admission) -> None:
        self._app = app
        self._authenticator = authenticator
        self._database = database
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not accepts_key(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        header = request.headers.get(HEADER)
        caller = await self._authenticator.caller(credentials_of(request)) if header is not None else None
        if header is None or caller is None:
            await self._app(scope, receive, send)
            return
        if not KEY_PATTERN.fullmatch(header):
            raise Problem(INVALID_REQUEST, "header.idempotency-key: 1 to 255 visible ASCII characters")
        body = await request.body()
        await self._once(_key_of(request, caller, header, body), request, caller, _replay(body, receive), send)

    async def _once(self, key: RequestKey, request: Request, caller: Caller, receive: Receive, send: Send) -> None:
        attempt = uuid4()
        async with self._database.client(key.client_id) as pool:
            taken = await IdempotencyRepository(pool).begin(key, attempt)
        if taken is not None:
            await self._limiter.admit_caller(request, caller)
            await _answer_again(key, taken)(request.scope, receive, send)
            return
        answer = _Answer(send)
        try:
            await self._app(request.scope, receive, answer.take)
        finally:
            try:
                async with self._database.client(key.client_id) as pool:
                    kept = answer.to_keep(secret=SECRET_ANSWERS.match(request.scope["path"]) is not None)
                    if kept is not None:
                        await IdempotencyRepository(pool).keep(key, attempt, kept)
                    elif not answer.is_done:
                        await IdempotencyRepository(pool).give_up(key, attempt)
            except StoreUnavailable as error:  # what was done is done; the key stays taken for a while
                log.warning("idempotent_answer_not_kept", error=str(error))
        await answer.pass_on()


class _Answer:
    """An answer that is held back until it is kept, so that no caller has seen what a repeat would not."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._messages: list[Message] = []

    async def take(self, message: Message) -> None:
        self._messages.append(message)

    @property
    def is_done(self) -> bool:
        """Whether the request was carried out."""
        return bool(self._messages) and self._messages[0]["status"] < 400

    def to_keep(self, *, secret: bool) -> KeptAnswer | None:
        if not self.is_done:
            return None
        start, *rest = self._messages
        body = b"".join(message.get("body", b"") for message in rest)
        hidden = (secret and body) or len(body) > BODY_BYTES_MAX
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
        kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
        return KeptAnswer(start["status"], kept, None if hidden else body)

    async def pass_on(self) -> None:
        for message in self._messages:
            await self._send(message)


def _answer_again(key: RequestKey, taken: KeptRequest) -> Response:
    """The first request's answer. Raises the problem where there is none for this one."""
    if taken.request_hash != key.request_hash:
        raise Problem(KEY_REUSED, "this Idempotency-Key was sent with another request; use a new one for each")
    if taken.answer is None:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise Problem(IN_PROGRESS, "the first request with this Idempotency-Key has no answer yet", headers=headers)
    if taken.answer.body is None:
        raise Problem(
            ANSWER_NOT_KEPT, "the first request was carried out; secrets and very long answers are shown once"
        )
    return Response(taken.answer.body, taken.answer.status, {**taken.answer.headers, REPLAYED: "true"})


def _key_of(request: Request, caller: Caller, header: str, body: bytes) -> RequestKey:
    scope = request.scope
    about = (scope["method"].encode(), scope["path"].encode(), scope["query_string"])
    asked = hashlib.sha256(b"\0".join([*about, request.headers.get("content-type", "").encode(), body]))
    return RequestKey(caller.client_id, caller.actor, hashlib.sha256(header.encode()).digest(), asked.digest())


def _replay(body: bytes, receive: Receive) -> Receive:
    """Gives the body once more, and then what really comes."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again
