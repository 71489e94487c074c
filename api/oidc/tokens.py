"""Checks what the provider signed: ID tokens (OpenID Connect Core, 3.1.3.7) and logout tokens."""

import base64
import hashlib
import hmac
import time
from typing import Any

import jwt

from api.oidc.provider import Provider
from contracts.oidc import OidcProvider

# Signatures by a private key only: of HS256 the "key" would be public, and `none` is no signature.
ALGORITHMS = frozenset({
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
})  # fmt: skip
_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
LEEWAY_S = 60  # by which the clocks may differ
AGE_MAX_S = 600  # of an ID token, from its issue to its arrival: it was made for this sign-in
LOGOUT_AGE_MAX_S = 600
TOKEN_LENGTH_MAX = 32 * 1024
SUBJECT_LENGTH_MAX = 255
SESSION_LENGTH_MAX = 255
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class InvalidToken(Exception):
    """A token that proves nothing; the message says why, for the log."""


class TokenChecks:
    """Each method also raises ProviderUnavailable, where keys have to be fetched."""

    def __init__(self, config: OidcProvider, provider: Provider) -> None:
        self._config = config
        self._provider = provider

    async def id_token(self, token: str, nonce: str, access_token: str | None) -> dict[str, Any]:
        """Return the claims of an ID token. Raises InvalidToken."""
        claims, algorithm = await self._claims(token, ["iss", "aud", "sub", "exp", "iat", "nonce"], AGE_MAX_S)
        if not isinstance(claims["nonce"], str) or not _same(claims["nonce"], nonce):
            raise InvalidToken("it was made for another sign-in (nonce)")
        azp = claims.get("azp")
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and azp is None:
            raise InvalidToken("it has several audiences and does not say for whom it is (azp)")
        if azp is not None and azp != self._config.client_id:
            raise InvalidToken("it was made for another client (azp)")
        if access_token is not None and "at_hash" in claims and algorithm != "EdDSA":
            _check_access_token(claims["at_hash"], access_token, algorithm)
        _check_subject(claims["sub"])
        return claims

    async def logout_token(self, token: str) -> dict[str, Any]:
        """Return the claims of a logout token, with `sub` or `sid`. Raises InvalidToken."""
        claims, _ = await self._claims(token, ["iss", "aud", "iat", "jti", "events"], LOGOUT_AGE_MAX_S)
        events = claims["events"]
        if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict) or "nonce" in claims:
            raise InvalidToken("it is no logout token")
        if not isinstance(claims["jti"], str) or not 0 < len(claims["jti"]) <= SESSION_LENGTH_MAX:
            raise InvalidToken("its jti is no name")
        if "sub" not in claims and "sid" not in claims:
            raise InvalidToken("it names nobody")
        if "sub" in claims:
            _check_subject(claims["sub"])
        if "sid" in claims and session_of(claims) is None:
            raise InvalidToken("its sid is no name")
        return claims

    async def _claims(self, token: str, required: list[str], age_max_s: float) -> tuple[dict[str, Any], str]:
        if len(token) > TOKEN_LENGTH_MAX:
            raise InvalidToken("it is too long")
        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            if algorithm not in ALGORITHMS:
                raise InvalidToken(f"its algorithm {str(algorithm)[:16]!r} is not accepted")
            key = await self._key(header.get("kid"), algorithm)
            claims: dict[str, Any] = jwt.decode(
                token,
                jwt.PyJWK(key, algorithm),
                algorithms=[algorithm],
                audience=self._config.client_id,
                issuer=self._config.issuer,
                leeway=LEEWAY_S,
                options={"require": required, "enforce_minimum_key_length": True},
            )
            if float(claims["iat"]) < time.time() - age_max_s - LEEWAY_S:
                raise InvalidToken("it was issued long ago (iat)")
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise InvalidToken(f"{type(error).__name__}: {error}"[:200]) from error
        return claims, algorithm

    async def _key(self, kid: object, algorithm: str) -> dict[str, Any]:
        """Return the key of a token; the keys are fetched again for one that is not known, though not at will."""
        for renewed in (False, True):
            keys = await self._provider.keys(renewed=renewed)
            fitting = [key for key in keys if _fits(key, kid, algorithm)]
            if len(fitting) == 1:
                return fitting[0]
        raise InvalidToken("no key of the provider, or more than one, belongs to it (kid)")


def session_of(claims: dict[str, Any]) -> str | None:
    """Return the provider's name of the session, if it gives a usable one."""
    sid = claims.get("sid")
    return sid if isinstance(sid, str) and 0 < len(sid) <= SESSION_LENGTH_MAX and "\x00" not in sid else None


def _fits(key: dict[str, Any], kid: object, algorithm: str) -> bool:
    return (
        key.get("kty") == _KEY_TYPES[algorithm[:2]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    )


def _check_subject(subject: object) -> None:
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LENGTH_MAX or not subject.isprintable():
        raise InvalidToken("its subject is no name (sub)")


def _check_access_token(at_hash: object, access_token: str, algorithm: str) -> None:
    digest = hashlib.new(f"sha{algorithm[2:]}", access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not isinstance(at_hash, str) or not _same(at_hash, half):
        raise InvalidToken("it belongs to another access token (at_hash)")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
