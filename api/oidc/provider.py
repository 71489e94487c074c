"""Talks to the identity provider: every answer is bounded in size and time, and no redirect is followed."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote_plus

import httpx
import structlog

from contracts.oidc import OidcProvider, checked_url

DEADLINE_S = 5.0  # for one answer, the wait for a turn included
ANSWER_BYTES_MAX = 256 * 1024
CALLS_MAX = 8  # to the provider at one moment
FRESH_S = 3600.0  # of what was discovered, and of the keys: a key that the provider withdraws counts no longer
USABLE_S = 24 * 3600.0  # while the provider cannot say anything newer
AGAIN_S = 5.0  # after a failure: until then everybody is told at once, and nobody waits
KEYS_AGAIN_S = 30.0  # between two fetches because of a key that is not known
KEYS_MAX = 100
_DISCOVERY = "/.well-known/openid-configuration"

_T = TypeVar("_T")
log = structlog.get_logger()


class ProviderUnavailable(Exception):
    """The provider is away, slow, or answers what cannot be used."""


class CodeRefused(Exception):
    """The provider takes the authorization code for wrong, used or over."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider says about itself, as far as it is used."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    sends_issuer: bool
    secret_in_body: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider gives for a code."""

    id_token: str
    access_token: str | None


class _Kept(Generic[_T]):
    """A value that is fetched when it is older than wanted, by one caller at a time."""

    def __init__(self, fetch: Callable[[], Awaitable[_T]], clock: Callable[[], float]) -> None:
        self._fetch, self._clock = fetch, clock
        self._turn = asyncio.Lock()
        self._value: _T | None = None
        self._fetched_s = self._failed_s = float("-inf")

    async def get(self, fresh_s: float) -> _T:
        """Raises ProviderUnavailable where there is nothing usable."""
        async with self._turn:
            age_s = self._clock() - self._fetched_s
            if self._value is not None and age_s < fresh_s:
                return self._value
            if self._clock() - self._failed_s < AGAIN_S:
                return self._stale(age_s, ProviderUnavailable("it did not answer a moment ago"))
            try:
                self._value = await self._fetch()
            except ProviderUnavailable as error:
                self._failed_s = self._clock()
                return self._stale(age_s, error)
            self._fetched_s = self._clock()
            return self._value

    def _stale(self, age_s: float, error: ProviderUnavailable) -> _T:
        """The value that there is, if it may still be used. Raises the error otherwise."""
        if self._value is None or age_s > USABLE_S:
            raise error
        return self._value


class Provider:
    """`clock` gives seconds of any origin."""

    def __init__(self, config: OidcProvider, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._http: httpx.AsyncClient | None = None
        self._turns = asyncio.Semaphore(CALLS_MAX)
        self._metadata = _Kept(self._discover, clock)
        self._keys = _Kept(self._fetch_keys, clock)

    async def metadata(self) -> Metadata:
        """Raises ProviderUnavailable."""
        return await self._metadata.get(FRESH_S)

    async def keys(self, *, renewed: bool = False) -> list[dict[str, Any]]:
        """Return the provider's public keys; `renewed`: not older than KEYS_AGAIN_S. Raises ProviderUnavailable."""
        return await self._keys.get(KEYS_AGAIN_S if renewed else FRESH_S)

    async def exchange(self, code: str, verifier: str) -> Tokens:
        """Trade an authorization code for tokens. Raises CodeRefused and ProviderUnavailable."""
        metadata, config = await self.metadata(), self._config
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": config.redirect_uri,
            "code_verifier": verifier,
        }  # fmt: skip
        basic: httpx.BasicAuth | None = None
        if not config.client_secret or metadata.secret_in_body:
            form["client_id"] = config.client_id
        if config.client_secret and metadata.secret_in_body:
            form["client_secret"] = config.client_secret
        elif config.client_secret:  # RFC 6749, section 2.3.1: both are form-encoded first
            basic = httpx.BasicAuth(quote_plus(config.client_id), quote_plus(config.client_secret))
        status, answer = await self._json("POST", metadata.token_endpoint, data=form, auth=basic)
        if status in {400, 401} and isinstance(error := answer.get("error"), str):
            log.warning("oidc_code_refused", error=error[:64], status=status)
            if error != "invalid_grant":
                raise ProviderUnavailable(f"it refuses this installation: {error[:64]}")
            raise CodeRefused
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if status != httpx.codes.OK or not isinstance(id_token, str):
            raise ProviderUnavailable(f"its answer {status} holds no ID token")
        return Tokens(id_token, access_token if isinstance(access_token, str) else None)

    async def userinfo(self, access_token: str) -> dict[str, Any]:
        """Return what the userinfo endpoint says; nothing where there is none. Raises ProviderUnavailable."""
        endpoint = (await self.metadata()).userinfo_endpoint
        if endpoint is None:
            return {}
        status, answer = await self._json("GET", endpoint, headers={"Authorization": f"Bearer {access_token}"})
        if status != httpx.codes.OK:
            raise ProviderUnavailable(f"its userinfo endpoint answers {status}")
        return answer

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def _discover(self) -> Metadata:
        issuer = self._config.issuer
        status, found = await self._json("GET", issuer.rstrip("/") + _DISCOVERY)
        if status != httpx.codes.OK:
            raise ProviderUnavailable(f"its discovery document is answered with {status}")
        if found.get("issuer") != issuer:
            raise ProviderUnavailable("its discovery document names another issuer than OIDC_ISSUER")
        methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return Metadata(
            authorization_endpoint=self._endpoint(found, "authorization_endpoint"),
            token_endpoint=self._endpoint(found, "token_endpoint"),
            jwks_uri=self._endpoint(found, "jwks_uri"),
            userinfo_endpoint=self._endpoint(found, "userinfo_endpoint") if "userinfo_endpoint" in found else None,
            end_session_endpoint=(
                self._endpoint(found, "end_session_endpoint") if "end_session_endpoint" in found else None
            ),
            sends_issuer=found.get("authorization_response_iss_parameter_supported") is True,
            secret_in_body="client_secret_post" in methods and "client_secret_basic" not in methods,
        )

    def _endpoint(self, found: Mapping[str, Any], name: str) -> str:
        address = found.get(name)
        if not isinstance(address, str):
            raise ProviderUnavailable(f"its discovery document has no {name}")
        try:
            checked_url(address, plain_http=self._config.plain_http)
        except ValueError as error:
            raise ProviderUnavailable(f"{name} of its discovery document cannot be used: {error}") from error
        return address

    async def _fetch_keys(self) -> list[dict[str, Any]]:
        status, answer = await self._json("GET", (await self.metadata()).jwks_uri)
        keys = answer.get("keys")
        if status != httpx.codes.OK or not isinstance(keys, list):
            raise ProviderUnavailable(f"its keys are answered with {status}")
        return [key for key in keys if isinstance(key, dict)][:KEYS_MAX]

    async def _json(self, method: str, url: str, **more: Any) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of an answer, {} where it is none. Raises ProviderUnavailable."""
        try:
            async with asyncio.timeout(DEADLINE_S), self._turns:
                status, body = await self._bounded(method, url, **more)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise ProviderUnavailable(f"it does not answer ({type(error).__name__})") from error
        try:
            parsed = json.loads(body)
        except (ValueError, RecursionError):
            return status, {}
        return status, parsed if isinstance(parsed, dict) else {}

    async def _bounded(self, method: str, url: str, **more: Any) -> tuple[int, bytes]:
        if self._http is None:
            # Uncompressed: of a compressed answer a small piece could unfold into a large one.
            headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
            self._http = httpx.AsyncClient(follow_redirects=False, timeout=DEADLINE_S, headers=headers)
        async with self._http.stream(method, url, **more) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise ProviderUnavailable("it compresses what was asked for uncompressed")
            body = bytearray()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > ANSWER_BYTES_MAX:
                    raise ProviderUnavailable(f"its answer has more than {ANSWER_BYTES_MAX} bytes")
            return response.status_code, bytes(body)
