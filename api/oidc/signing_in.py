"""Signing people in through the identity provider, and out again."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import msgspec
import structlog
from pydantic import TypeAdapter, ValidationError

from api.accounts.schemas import NAME_LENGTH_MAX, Email
from api.accounts.signing_in import CONSOLE_TTL, SigningIn, email_key
from api.database import Database
from api.keyring import Keyring
from api.oidc.flow import Aim, Flow, Flows
from api.oidc.provider import CodeRefused, Provider, ProviderUnavailable
from api.oidc.tokens import InvalidToken, TokenChecks, session_of
from contracts.errors import StoreUnavailable
from contracts.oidc import Grant, OidcProvider, SeveralClients, groups_of
from storage.user_identities import Person, Refused, UserIdentityRepository
from storage.user_sessions import NewSession
from storage.users import User

DEADLINE_S = 12.0  # for all that the provider is asked in one sign-in
CODE_LENGTH_MAX = 4096
ID_TOKEN_KEPT_MAX = 8192  # characters; it comes back in the address of the provider's sign-out page
SPENT_FOR = timedelta(minutes=30)  # longer than a logout token is accepted
# Whose address the provider does not vouch for: no sign-in by password and nobody's mail goes there (RFC 2606).
NO_ADDRESS = "identity.invalid"

_ADDRESS = TypeAdapter[str](Email)
log = structlog.get_logger()


class Why(Enum):
    """Why somebody was not signed in; the page to it is `api.oidc.pages`."""

    STALE = "stale"
    DENIED = "denied"
    UNAVAILABLE = "unavailable"
    INVALID = "invalid"
    NO_ROLE = "no-role"
    SEVERAL_CLIENTS = "several-clients"
    DEACTIVATED = "deactivated"
    EMAIL_TAKEN = "email-taken"


class NotSignedIn(Exception):
    """`subject` is who it was, where the provider vouched for somebody."""

    def __init__(self, why: Why, subject: str = "") -> None:
        super().__init__(why.value)
        self.why = why
        self.subject = subject


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider sent the browser back with."""

    state: str
    code: str
    error: str
    issuer: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A session: of a browser, or with the first refresh token of a program."""

    session: NewSession
    refresh_token: str | None


class ProviderSignIn:
    """Every method may raise StoreUnavailable."""

    def __init__(
        self,
        config: OidcProvider,
        database: Database,
        keyring: Keyring,
        signing_in: SigningIn,
        provider: Provider | None = None,
    ) -> None:
        self.config = config
        self.secure = config.public_url.startswith("https://")
        self._database = database
        self._signing_in = signing_in
        self._flows = Flows(keyring)
        self._provider = provider or Provider(config)
        self._checks = TokenChecks(config, self._provider)

    async def begin(self, aim: Aim) -> tuple[str, str]:
        """Return the provider's address to send the browser to, and the cookie to send with it. Raises NotSignedIn."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                metadata = await self._provider.metadata()
        except (ProviderUnavailable, TimeoutError) as error:
            raise _unavailable(error) from error
        flow, cookie = self._flows.start(aim)
        query = {
            "response_type": "code",
            "client_id": self.config.client_id,
            "redirect_uri": self.config.redirect_uri,
            "scope": " ".join(self.config.scopes),
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        return _with_query(metadata.authorization_endpoint, query), cookie

    async def finish(self, answer: Answer, cookie: str | None, address: str, request_id: str) -> Opened:
        """Sign in whom the provider vouches for. Raises NotSignedIn."""
        flow = self._flows.read(cookie, answer.state)
        if flow is None or not await self._spend(f"flow:{flow.token_id}", flow.expires_at):
            raise NotSignedIn(Why.STALE)
        try:
            async with asyncio.timeout(DEADLINE_S):
                claims, id_token = await self._claims(answer, flow)
        except (ProviderUnavailable, TimeoutError) as error:
            raise _unavailable(error) from error
        except CodeRefused as error:
            raise NotSignedIn(Why.STALE) from error
        except InvalidToken as error:
            log.warning("oidc_token_refused", why=str(error))
            raise NotSignedIn(Why.INVALID) from error
        grant = await self._grant(claims, request_id)
        person = _person(self.config, claims, grant, id_token)
        opening = _Opening(self._signing_in, flow.aim, address)
        async with self._database.pool() as pool:
            signed = await UserIdentityRepository(pool).sign_in(person, opening, request_id)
        if isinstance(signed, Refused):
            why = Why.DEACTIVATED if signed is Refused.DEACTIVATED else Why.EMAIL_TAKEN
            raise NotSignedIn(why, person.subject)
        return Opened(signed[1], opening.refresh_token)

    async def signed_out(self, session_id: UUID) -> str | None:
        """Return the provider's address at which a session that ended here ends there too, if it has one."""
        async with self._database.pool() as pool:
            id_token = await UserIdentityRepository(pool).take_id_token(session_id, self.config.issuer)
        if id_token is None:
            return None
        try:
            async with asyncio.timeout(DEADLINE_S):
                endpoint = (await self._provider.metadata()).end_session_endpoint
        except (ProviderUnavailable, TimeoutError):
            return None  # the session here has ended all the same
        if endpoint is None:
            return None
        query = {"client_id": self.config.client_id, "post_logout_redirect_uri": f"{self.config.public_url}/"}
        return _with_query(endpoint, query | ({"id_token_hint": id_token} if id_token else {}))

    async def log_out(self, logout_token: str, request_id: str) -> int:
        """End the sessions that a logout token names. Raises InvalidToken; StoreUnavailable without the provider."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                claims = await self._checks.logout_token(logout_token)
        except (ProviderUnavailable, TimeoutError) as error:
            raise StoreUnavailable("the identity provider's keys cannot be fetched; try again") from error
        token_id = f"logout:{hashlib.sha256(claims['jti'].encode()).hexdigest()}"
        async with self._database.pool() as pool:
            ended = await UserIdentityRepository(pool).log_out(
                token_id, datetime.now(UTC) + SPENT_FOR, self.config.issuer, claims.get("sub"), session_of(claims),
                request_id,
            )  # fmt: skip
        if ended is None:
            raise InvalidToken("it came before")
        return ended

    async def close(self) -> None:
        await self._provider.close()

    async def _claims(self, answer: Answer, flow: Flow) -> tuple[dict[str, Any], str]:
        """Return what the provider says about somebody, and the ID token."""
        metadata, issuer = await self._provider.metadata(), self.config.issuer
        if answer.issuer != issuer and (answer.issuer is not None or metadata.sends_issuer):
            raise InvalidToken("the answer comes from another issuer (RFC 9207)")
        if answer.error or not 0 < len(answer.code) <= CODE_LENGTH_MAX:
            log.info("oidc_denied", error=answer.error[:64])
            raise NotSignedIn(Why.DENIED)
        tokens = await self._provider.exchange(answer.code, flow.verifier)
        claims = await self._checks.id_token(tokens.id_token, flow.nonce, tokens.access_token)
        if groups_of(claims, self.config.groups_claim) is None and tokens.access_token is not None:
            more = await self._provider.userinfo(tokens.access_token)
            if more and more.get("sub") != claims["sub"]:
                raise InvalidToken("the userinfo endpoint speaks of somebody else (sub)")
            claims = more | claims
        return claims, tokens.id_token

    async def _grant(self, claims: dict[str, Any], request_id: str) -> Grant:
        """Return what the groups give; whom they give nothing loses every session. Raises NotSignedIn."""
        subject, why = claims["sub"], Why.NO_ROLE
        try:
            grant = self.config.grant_of(groups_of(claims, self.config.groups_claim) or ())
        except SeveralClients:
            grant, why = None, Why.SEVERAL_CLIENTS
        if grant is None:
            async with self._database.pool() as pool:
                await UserIdentityRepository(pool).shut_out(self.config.issuer, subject, why.value, request_id)
            log.info("oidc_without_role", subject=subject, why=why.value)
            raise NotSignedIn(why, subject)
        return grant

    async def _spend(self, token_id: str, expires_at: datetime) -> bool:
        async with self._database.pool() as pool:
            return await UserIdentityRepository(pool).spend(token_id, expires_at)


class _Opening:
    """Makes the session of a user when the user's number is known; a program's has a refresh token."""

    def __init__(self, signing_in: SigningIn, aim: Aim, address: str) -> None:
        self._signing_in, self._aim, self._address = signing_in, aim, address
        self.refresh_token: str | None = None

    def __call__(self, user: User) -> NewSession:
        opened, refresh_token = self._signing_in.new_session(user, self._address)
        # Groups are known at a sign-in only, so a session lasts a shift, whichever kind it is.
        # A second factor is the provider's affair: it knows whether it asked for one, and ours would be asked on top.
        opened = msgspec.structs.replace(opened, expires_at=opened.opened_at + CONSOLE_TTL, second_factor=True)
        if self._aim == "console":
            return msgspec.structs.replace(opened, token_hash=None)
        self.refresh_token = refresh_token
        return opened


def _person(config: OidcProvider, claims: dict[str, Any], grant: Grant, id_token: str) -> Person:
    subject, email = claims["sub"], _proven_address(claims)
    if email is None:
        name = hashlib.sha256(f"{config.issuer}\n{subject}".encode()).hexdigest()[:32]
        email = f"{name}@{NO_ADDRESS}"
    return Person(
        issuer=config.issuer,
        subject=subject,
        client_id=grant.client_id,
        role=grant.role,
        group=grant.group,
        name=_name(claims, email),
        email=email,
        email_key=email_key(email),
        provider_session=session_of(claims),
        id_token=id_token if len(id_token) <= ID_TOKEN_KEPT_MAX else "",
    )


def _proven_address(claims: dict[str, Any]) -> str | None:
    """Return the email address, if the provider says that it is verified."""
    if claims.get("email_verified") is not True:
        return None
    try:
        return _ADDRESS.validate_python(claims.get("email"))
    except ValidationError:
        return None


def _name(claims: dict[str, Any], email: str) -> str:
    for value in (claims.get("name"), claims.get("preferred_username"), email):
        name = "".join(letter for letter in value if letter.isprintable()).strip() if isinstance(value, str) else ""
        if name:
            return name[:NAME_LENGTH_MAX]
    return email


def _unavailable(error: Exception) -> NotSignedIn:
    log.warning("oidc_provider_unavailable", error=str(error) or type(error).__name__)
    return NotSignedIn(Why.UNAVAILABLE)


def _with_query(address: str, query: dict[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"
