"""A small OpenID Connect provider on loopback: it conforms until a test tells it not to.

It checks what a good one checks (redirect address, client secret, PKCE, a code's single use), so that a gateway which
leaves one of them out does not pass.
"""

import asyncio
import base64
import hashlib
import html
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode
from uuid import uuid4

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "riskstream", "a+secret/of the:client"
BACK_CHANNEL_EVENT = "http://schemas.openid.net/event/backchannel-logout"

Claims = dict[str, Any]
_RSA = [rsa.generate_private_key(65537, 2048) for _ in range(2)]  # made once: each takes a tenth of a second


@dataclass
class Key:
    """A signing key of the provider."""

    kid: str
    private: Any
    algorithm: str = "RS256"

    def public(self) -> dict[str, Any]:
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        described: dict[str, Any] = algorithm.to_jwk(self.private.public_key(), as_dict=True)
        return described | {"kid": self.kid, "use": "sig", "alg": self.algorithm}


@dataclass
class Code:
    """An authorization code that was given out."""

    subject: str
    redirect_uri: str
    nonce: str
    challenge: str


@dataclass
class IdentityProvider:
    """`people` are claims by subject. The hooks change what is answered; `seen` are the paths that were asked for."""

    issuer: str
    people: dict[str, Claims] = field(default_factory=dict)
    here: str = ""  # whom the browser is known as; empty: the provider asks
    keys: list[Key] = field(default_factory=lambda: [Key("one", _RSA[0])])
    seen: list[str] = field(default_factory=list)
    metadata: Claims = field(default_factory=dict)  # laid over what it says about itself
    change_claims: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[["IdentityProvider", Claims], str] | None = None
    answers: dict[str, Callable[[Request], Awaitable[Response]]] = field(default_factory=dict)
    answer_issuer: str | None = None  # `iss` of the answer to the browser; None: the issuer's
    public: bool = False
    sid: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    claims_in_token: bool = True

    def signed(self, claims: Claims) -> str:
        if self.sign is not None:
            return self.sign(self, claims)
        key = self.keys[0]
        return jwt.encode(claims, key.private, key.algorithm, headers={"kid": key.kid})

    def rotate(self) -> None:
        """Replace the key: the one before is withdrawn at once."""
        self.keys = [Key("two", _RSA[1])]

    def use_elliptic_curve(self) -> None:
        self.keys = [Key("curve", ec.generate_private_key(ec.SECP256R1()), "ES256")]

    def logout_token(self, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": uuid4().hex,
            "events": {BACK_CHANNEL_EVENT: {}},
        }  # fmt: skip
        return self.signed({name: value for name, value in (claims | changes).items() if value is not None})

    async def dispatch(self, request: Request) -> Response:
        path = request.url.path
        self.seen.append(path)
        if path in self.answers:
            return await self.answers[path](request)
        return await {
            "/.well-known/openid-configuration": self._discovery, "/keys": self._keys, "/authorize": self._authorize,
            "/token": self._token, "/userinfo": self._userinfo, "/logout": self._logout,
        }[path](request)  # fmt: skip

    async def _discovery(self, _: Request) -> Response:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/logout",
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse(said | self.metadata)

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [key.public() for key in self.keys]})

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        subject = self.here or asked.get("as", "")
        if not subject:
            links = "".join(
                f'<li><a href="?{html.escape(urlencode(dict(asked) | {"as": each}))}">{html.escape(each)}</a></li>'
                for each in self.people
            )
            return HTMLResponse(f"<!doctype html><title>Provider</title><h1>Who are you?</h1><ul>{links}</ul>")
        code = uuid4().hex
        self.codes[code] = Code(subject, asked["redirect_uri"], asked["nonce"], asked["code_challenge"])
        answer = {"code": code, "state": asked["state"]}
        if self.answer_issuer != "":
            answer["iss"] = self.answer_issuer or self.issuer
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> Response:
        form = dict(await request.form())
        code = self.codes.pop(str(form.get("code")), None)
        if not self._knows(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form.get("code_verifier")).encode()).digest())
        if (
            code is None
            or form["grant_type"] != "authorization_code"
            or form["redirect_uri"] != code.redirect_uri
            or challenge.rstrip(b"=").decode() != code.challenge
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        access_token, now = uuid4().hex, int(time.time())
        self.tokens[access_token] = code.subject
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": code.subject, "iat": now, "exp": now + 300,
            "nonce": code.nonce, "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }  # fmt: skip
        if self.sid:
            claims["sid"] = self.sid
        if self.claims_in_token:
            claims |= self.people[code.subject]
        id_token = self.signed(self.change_claims(claims))
        return JSONResponse({"access_token": access_token, "token_type": "Bearer", "id_token": id_token})

    def _knows(self, request: Request, form: Claims) -> bool:
        if self.public:
            return form.get("client_id") == CLIENT_ID and "authorization" not in request.headers
        if self.metadata.get("token_endpoint_auth_methods_supported") == ["client_secret_post"]:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        name, _, secret = base64.b64decode(value).decode().partition(":")
        return (scheme, unquote_plus(name), unquote_plus(secret)) == ("Basic", CLIENT_ID, CLIENT_SECRET)

    async def _userinfo(self, request: Request) -> Response:
        subject = self.tokens[request.headers["authorization"].removeprefix("Bearer ")]
        return JSONResponse(self.people[subject] | {"sub": subject})

    async def _logout(self, request: Request) -> Response:
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], 302)


@asynccontextmanager
async def identity_provider() -> AsyncIterator[IdentityProvider]:
    listening = socket.create_server(("127.0.0.1", 0))
    provider = IdentityProvider(f"http://127.0.0.1:{listening.getsockname()[1]}")

    async def answer(request: Request) -> Response:
        return await provider.dispatch(request)

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield provider
    finally:
        server.should_exit = True
        await serving
        listening.close()
