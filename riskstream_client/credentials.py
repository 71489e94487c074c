"""What a client shows: an API key, or the tokens of somebody who signed in."""

import asyncio
from urllib.parse import urlsplit

import httpx

from contracts.errors import SettingsError, StoreUnavailable
from riskstream_client.answers import Tokens
from riskstream_client.errors import answer_of, problem_of


def checked_address(url: str) -> str:
    """Return the gateway's address. Raises SettingsError unless it is an http:// or https:// URL with a host."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{url!r} is not the address of a gateway; write for instance http://127.0.0.1:8000")
    return url


def checked_key(key: str) -> str:
    """Return an API key. Raises SettingsError for characters that no key has, such as a line end from a file."""
    if not key.isascii() or any(not "!" <= letter <= "~" for letter in key):
        raise SettingsError("the API key holds a space, a line end or another character that no key has")
    return key


class ApiKey:
    """Lasts until it is revoked."""

    def __init__(self, key: str) -> None:
        self._key = key

    def headers(self) -> dict[str, str]:
        return {"X-API-Key": self._key}

    async def renew(self, _refused: dict[str, str]) -> bool:
        return False


class SignedIn:
    """Access tokens last some minutes; the refresh token brings the next pair, once."""

    def __init__(self, http: httpx.AsyncClient, tokens: Tokens) -> None:
        self._http = http
        self._tokens = tokens
        self._renewing = asyncio.Lock()

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens.access_token}"}

    async def renew(self, refused: dict[str, str]) -> bool:
        async with self._renewing:
            if self.headers() != refused:
                return True  # another call did it meanwhile
            answer = await _post(self._http, "/auth/refresh", {"refresh_token": self._tokens.refresh_token})
            if not answer.is_success:
                return False
            self._tokens = answer_of(answer.content, Tokens)
            return True


async def sign_in(http: httpx.AsyncClient, email: str, password: str) -> SignedIn:
    """Raises ProblemError, StoreUnavailable."""
    answer = await _post(http, "/auth/login", {"email": email, "password": password})
    if not answer.is_success:
        raise problem_of(answer.status_code, answer.content)
    return SignedIn(http, answer_of(answer.content, Tokens))


async def _post(http: httpx.AsyncClient, path: str, body: dict[str, str]) -> httpx.Response:
    try:
        return await http.post(path, json=body)
    except httpx.TransportError as error:
        raise StoreUnavailable(f"the gateway at {http.base_url} does not answer: {error}") from error
