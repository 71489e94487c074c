"""Who is calling: an API key or an access token in a header, or the console's session cookie."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Security
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer
from starlette.requests import HTTPConnection, Request

from api.accounts.access_tokens import AccessTokens
from api.accounts.roles import CONSOLE_SCOPES, SCOPES_OF_ROLE
from api.addresses import address_of
from api.keyring import Keyring
from api.keys import SCOPE_ADMIN, SCOPE_CASES, SCOPE_READ, SCOPE_SCORE, SECRET_LENGTH_MAX, hash_key
from api.problems import ENROLMENT_REQUIRED, FORBIDDEN, NOT_AUTHENTICATED, Problem
from api.sessions import COOKIE, Sessions

READ_METHODS = frozenset({"GET", "HEAD"})
_HEADER = APIKeyHeader(name="X-API-Key", scheme_name="ApiKey", auto_error=False)
_BEARER = HTTPBearer(scheme_name="Bearer", description="An access token, or an API key", auto_error=False)
_COOKIE = APIKeyCookie(name=COOKIE, scheme_name="ConsoleSession", auto_error=False)

Via = Literal["key", "token", "session"]


class StoredKey(Protocol):
    """What storage knows of a valid API key."""

    @property
    def api_key_id(self) -> int: ...
    @property
    def client_id(self) -> int: ...
    @property
    def scopes(self) -> tuple[str, ...]: ...
    @property
    def tier(self) -> str | None: ...


class StoredSession(Protocol):
    """What storage knows of the session of a user who is still there."""

    @property
    def client_id(self) -> int: ...
    @property
    def user_id(self) -> int: ...
    @property
    def role(self) -> str: ...
    @property
    def tier(self) -> str | None: ...
    @property
    def lacks_factor(self) -> bool: ...


class Identities(Protocol):
    """Who stands behind a credential; None where it does not count (any more). Each raises StoreUnavailable."""

    async def key(self, key_hashes: Sequence[bytes]) -> StoredKey | None: ...
    async def key_by_id(self, api_key_id: int) -> StoredKey | None: ...
    async def session(self, session_id: UUID) -> StoredSession | None: ...
    async def is_signed_out(self, console_id: UUID) -> bool: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller: an API key, a user's access token, or a console session of either (or of a link).

    Who signed in by password has `user_id`, `role` and `session_id`; who came by a key has `api_key_id`; a console
    session of a key or a link has `console_id`. A token and a
    session end at `expires_at_s`. `tier` is the client's; None has no bounds. `lacks_factor`: the client asks for a
    second factor which this session has not shown, so it has no scopes and can only enrol one.
    """

    client_id: int
    scopes: frozenset[str]
    via: Via
    api_key_id: int | None = None
    user_id: int | None = None
    role: str | None = None
    session_id: UUID | None = None
    console_id: UUID | None = None
    expires_at_s: float | None = None
    tier: str | None = None
    lacks_factor: bool = False

    @property
    def actor(self) -> str:
        """Who did it, for the audit log and assignments: stable, and no secret."""
        if self.user_id is not None:
            return f"user:{self.user_id}"
        return f"key:{self.api_key_id}" if self.api_key_id is not None else "session"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller presented; a header counts before a cookie."""

    secret: str | None
    cookie: str | None
    address: str = ""


class Guard(Protocol):
    """Bounds the unknown credentials of an address."""

    def admit(self, address: str, secret: str) -> None:
        """Raises a 429 problem."""

    def note(self, address: str, secret: str, *, valid: bool) -> None: ...


class Authenticator:
    """Turns credentials into a caller. Every method may raise StoreUnavailable.

    It remembers nothing between two requests: a key that is revoked, a session that ended, a user who was
    deactivated or has another role, is known to every gateway at once. Scoring asks through `RememberedIdentities`.
    """

    def __init__(
        self,
        keyring: Keyring,
        sessions: Sessions,
        tokens: AccessTokens,
        identities: Identities,
        guard: Guard | None = None,
    ) -> None:
        self._keyring = keyring
        self._sessions = sessions
        self._tokens = tokens
        self._identities = identities
        self._guard = guard

    def asking(self, identities: Identities) -> "Authenticator":
        """The same rules over another source of identities."""
        return Authenticator(self._keyring, self._sessions, self._tokens, identities, self._guard)

    async def caller(self, credentials: Credentials) -> Caller | None:
        secret = credentials.secret
        if secret is not None:
            if self._guard is not None and credentials.address:
                self._guard.admit(credentials.address, secret)
            # A JWT has two dots, an API key none. Each kind is looked up in one place only.
            caller = await (self.by_token(secret) if secret.count(".") == 2 else self.by_key(secret))
            if self._guard is not None and credentials.address:
                self._guard.note(credentials.address, secret, valid=caller is not None)
            return caller
        session = self._sessions.read(credentials.cookie) if credentials.cookie is not None else None
        if session is None:
            return None
        behind = Caller(
            session.client_id, CONSOLE_SCOPES, "session", session.api_key_id,
            session_id=session.session_id, console_id=session.console_id, expires_at_s=session.expires_at_s,
        )  # fmt: skip
        return await self.still(behind)

    async def by_key(self, key: str) -> Caller | None:
        """The lookup compares an HMAC, so its time says nothing about the key."""
        if len(key) > SECRET_LENGTH_MAX:
            return None
        stored = await self._identities.key(self._keyring.hashes(hash_key, key))
        if stored is None:
            return None
        return Caller(stored.client_id, frozenset(stored.scopes), "key", stored.api_key_id, tier=stored.tier)

    async def by_token(self, token: str) -> Caller | None:
        """The user of an access token, if the session that it names still lasts."""
        claims = self._tokens.read(token)
        stored = await self._identities.session(claims.session_id) if claims else None
        if claims is None or stored is None or stored.user_id != claims.user_id:
            return None
        return _of_user(stored, "token", claims.session_id, claims.expires_at_s)

    async def still(self, caller: Caller) -> Caller | None:
        """The caller with the scopes of this moment, or None if what it presented does not count any more."""
        if caller.expires_at_s is not None and not self._sessions.lasts(caller.expires_at_s):
            return None
        if caller.session_id is not None:
            user = await self._identities.session(caller.session_id)
            if user is None or user.client_id != caller.client_id:
                return None
            return _of_user(user, caller.via, caller.session_id, caller.expires_at_s)
        if caller.console_id is not None and await self._identities.is_signed_out(caller.console_id):
            return None
        if caller.api_key_id is None:
            return replace(caller, scopes=CONSOLE_SCOPES)  # a link's session; nothing stands behind it
        key = await self._identities.key_by_id(caller.api_key_id)
        if key is None or key.client_id != caller.client_id:
            return None
        scopes = frozenset(key.scopes)
        return replace(caller, scopes=scopes if caller.via == "key" else scopes & CONSOLE_SCOPES, tier=key.tier)


def _of_user(user: StoredSession, via: Via, session_id: UUID, expires_at_s: float | None) -> Caller:
    scopes: frozenset[str] = frozenset() if user.lacks_factor else SCOPES_OF_ROLE[user.role]
    return Caller(
        user.client_id, scopes, via, user_id=user.user_id, role=user.role, session_id=session_id,
        expires_at_s=expires_at_s, tier=user.tier, lacks_factor=user.lacks_factor,
    )  # fmt: skip


def credentials_of(connection: HTTPConnection) -> Credentials:
    """What the headers of a request or a handshake hold."""
    secret = connection.headers.get("x-api-key")
    if secret is None:
        scheme, _, value = connection.headers.get("authorization", "").partition(" ")
        secret = value.strip() if scheme.lower() == "bearer" else None
    return Credentials(secret, connection.cookies.get(COOKIE), address_of(connection))


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
    """The caller of this request. Raises a 401 problem, or a 429 one if the client calls too often.

    The schemes are parameters for OpenAPI's sake; `credentials_of` reads the credentials, for sockets too.
    """
    parts = request.app.state.parts
    caller = await known_caller(request, parts.authenticator)
    await parts.accounts.limiter.admit_caller(request, caller)
    return caller


async def known_caller(request: Request, authenticator: Authenticator) -> Caller:
    """The caller of this request, not yet counted. Raises a 401 problem, and a 403 one for a foreign page's request."""
    credentials = credentials_of(request)
    caller = request.state.caller = await authenticator.caller(credentials)
    if caller is None:
        presented = credentials.secret is not None or credentials.cookie is not None
        detail = (
            "the API key, token or session is wrong, or is not valid any more"
            if presented
            else "send an API key in X-API-Key, or an access token as Bearer"
        )
        raise Problem(NOT_AUTHENTICATED, detail, headers={"WWW-Authenticate": 'Bearer realm="riskstream"'})
    if caller.via == "session" and request.method not in READ_METHODS and not same_origin(request):
        raise Problem(FORBIDDEN, "a session may do this only from the console's own page")
    if caller.via == "key" and caller.api_key_id is not None:
        request.app.state.parts.accounts.key_use.note(caller.api_key_id)
    return caller


class Allowed:
    """A dependency: the caller of this request, who has the scope. Raises a 401 or 403 problem."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, caller: Annotated[Caller, Depends(authenticated)]) -> Caller:
        require(self.scope, caller)
        return caller


def require(scope: str, caller: Caller) -> None:
    """Raises a 403 problem if the caller lacks the scope."""
    if caller.lacks_factor:
        raise Problem(ENROLMENT_REQUIRED, "your client asks for a second factor: enrol one, see /auth/factors")
    if scope not in caller.scopes:
        raise Problem(FORBIDDEN, f"these credentials lack the scope {scope!r}")


Reader = Annotated[Caller, Depends(Allowed(SCOPE_READ))]
Scorer = Annotated[Caller, Depends(Allowed(SCOPE_SCORE))]
CaseWorker = Annotated[Caller, Depends(Allowed(SCOPE_CASES))]
Administrator = Annotated[Caller, Depends(Allowed(SCOPE_ADMIN))]


async def _user(caller: Annotated[Caller, Depends(authenticated)]) -> Caller:
    if caller.user_id is None:
        raise Problem(FORBIDDEN, "this is for users who signed in; an API key or a link belongs to nobody")
    return caller


SignedIn = Annotated[Caller, Depends(_user)]
