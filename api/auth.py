"""Who is calling: an API key in a header, or the console's session cookie."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol
from urllib.parse import urlsplit

from fastapi import Depends, Security
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer
from starlette.requests import HTTPConnection, Request

from api.keys import SCOPE_ADMIN, SCOPE_CASES, SCOPE_READ, SCOPE_SCORE, SECRET_LENGTH_MAX, hash_key
from api.problems import FORBIDDEN, NOT_AUTHENTICATED, Problem
from api.sessions import COOKIE, Session, Sessions

READ_METHODS = frozenset({"GET", "HEAD"})
_HEADER = APIKeyHeader(name="X-API-Key", scheme_name="API key", auto_error=False)
_BEARER = HTTPBearer(scheme_name="Bearer", description="An API key", auto_error=False)
_COOKIE = APIKeyCookie(name=COOKIE, scheme_name="Console session", auto_error=False)


class StoredKey(Protocol):
    """What storage knows of a valid API key."""

    @property
    def client_id(self) -> int: ...
    @property
    def scopes(self) -> tuple[str, ...]: ...


FindKey = Callable[[bytes], Awaitable[StoredKey | None]]


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `key_hash` must stay valid, if there is one; a session ends at `expires_at_s`."""

    client_id: int
    scopes: frozenset[str]
    via: Literal["key", "session"]
    key_hash: bytes | None = None
    expires_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller presented; a header counts before a cookie."""

    key: str | None
    cookie: str | None


class Authenticator:
    """Turns credentials into a caller. Every method may raise StoreUnavailable."""

    def __init__(self, secret_key: str, sessions: Sessions, find_key: FindKey) -> None:
        self._secret_key = secret_key
        self._sessions = sessions
        self._find_key = find_key

    async def caller(self, credentials: Credentials) -> Caller | None:
        if credentials.key is not None:
            return await self.by_key(credentials.key)
        if credentials.cookie is None:
            return None
        session = self._sessions.read(credentials.cookie)
        return await self._of_session(session) if session else None

    async def by_key(self, key: str) -> Caller | None:
        """The lookup compares an HMAC, so its time says nothing about the key."""
        if len(key) > SECRET_LENGTH_MAX:
            return None
        key_hash = hash_key(self._secret_key, key)
        stored = await self._find_key(key_hash)
        return Caller(stored.client_id, frozenset(stored.scopes), "key", key_hash) if stored else None

    async def restored(self, client_id: int, key_hash: bytes | None, expires_at_s: float | None) -> Caller | None:
        """A caller as a ticket or a long feed remembers it, if it is still valid."""
        if expires_at_s is not None:
            if not self._sessions.lasts(expires_at_s):
                return None
            return await self._of_session(Session(client_id, expires_at_s, key_hash))
        stored = await self._find_key(key_hash) if key_hash is not None else None
        if stored is None or stored.client_id != client_id:
            return None
        return Caller(client_id, frozenset(stored.scopes), "key", key_hash)

    async def _of_session(self, session: Session) -> Caller | None:
        scopes = frozenset({SCOPE_READ})
        if session.key_hash is not None:
            stored = await self._find_key(session.key_hash)
            if stored is None or stored.client_id != session.client_id:
                return None
            scopes &= frozenset(stored.scopes)
        return Caller(session.client_id, scopes, "session", session.key_hash, session.expires_at_s)


def credentials_of(connection: HTTPConnection) -> Credentials:
    """What the headers of a request or a handshake hold."""
    key = connection.headers.get("x-api-key")
    if key is None:
        scheme, _, value = connection.headers.get("authorization", "").partition(" ")
        key = value.strip() if scheme.lower() == "bearer" else None
    return Credentials(key, connection.cookies.get(COOKIE))


def same_origin(connection: HTTPConnection, allowed: frozenset[str] = frozenset()) -> bool:
    """Whether a browser says that the page behind this call is ours, or one of `allowed` (CORS_ORIGINS)."""
    origin = connection.headers.get("origin")
    if not origin:
        return False
    return origin in allowed or urlsplit(origin).netloc == connection.headers.get("host", "")


async def authenticated(
    request: Request,
    _header: Annotated[str | None, Security(_HEADER)] = None,
    _bearer: Annotated[object, Security(_BEARER)] = None,
    _cookie: Annotated[str | None, Security(_COOKIE)] = None,
) -> Caller:
    """The caller of this request. Raises a 401 problem.

    The schemes are parameters for OpenAPI's sake; `credentials_of` reads the credentials, for sockets too.
    """
    credentials = credentials_of(request)
    authenticator: Authenticator = request.app.state.parts.authenticator
    caller = await authenticator.caller(credentials)
    if caller is None:
        presented = credentials.key is not None or credentials.cookie is not None
        detail = "the credentials are not valid any more" if presented else "send an API key in X-API-Key"
        raise Problem(NOT_AUTHENTICATED, detail, headers={"WWW-Authenticate": 'Bearer realm="riskstream"'})
    if caller.via == "session" and request.method not in READ_METHODS and not same_origin(request):
        raise Problem(FORBIDDEN, "a session may do this only from the console's own page")
    return caller


class Allowed:
    """A dependency: the caller of this request, who has the scope. Raises a 401 or 403 problem."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, caller: Annotated[Caller, Depends(authenticated)]) -> Caller:
        if self.scope not in caller.scopes:
            raise Problem(FORBIDDEN, f"these credentials lack the scope {self.scope!r}")
        return caller


Reader = Annotated[Caller, Depends(Allowed(SCOPE_READ))]
Scorer = Annotated[Caller, Depends(Allowed(SCOPE_SCORE))]
CaseWorker = Annotated[Caller, Depends(Allowed(SCOPE_CASES))]
Administrator = Annotated[Caller, Depends(Allowed(SCOPE_ADMIN))]
