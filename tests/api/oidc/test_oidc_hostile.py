"""A provider that lies, dawdles or changes its keys, and browsers that answer for somebody else."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from identity_provider import CLIENT_ID, IdentityProvider, Key
from people import kind_of
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from api.oidc import provider as provider_module
from api.oidc.flow import COOKIE as FLOW_COOKIE
from api.sessions import COOKIE
from tests.api.oidc.conftest import ANALYSTS, Bank, Browser, changed

pytestmark = pytest.mark.asyncio(loop_scope="module")
DISCOVERY = "/.well-known/openid-configuration"


def newcomer(bank: Bank) -> Browser:
    return bank.person(f"p{uuid4().hex[:10]}", [ANALYSTS])


def unsigned(_: IdentityProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, "none")


def by_the_public_key(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """HS256 with the public key as its secret, made by hand: the library refuses to help."""
    public = (
        provider.keys[0]
        .private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    head = _part({"alg": "HS256", "typ": "JWT", "kid": provider.keys[0].kid}) + b"." + _part(claims)
    return (head + b"." + _base64(hmac.digest(public, head, hashlib.sha256))).decode()


def by_another_key(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    stranger = rsa.generate_private_key(65537, 2048)
    return jwt.encode(claims, stranger, "RS256", headers={"kid": provider.keys[0].kid})


def with_a_key_in_its_header(_: IdentityProvider, claims: dict[str, Any]) -> str:
    own = Key("own", rsa.generate_private_key(65537, 2048))
    return jwt.encode(claims, own.private, "RS256", headers={"jwk": own.public(), "kid": "own"})


def with_another_algorithm(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """Signed well, by RSA-PSS, where the provider's key says that it is for RS256."""
    return jwt.encode(claims, provider.keys[0].private, "PS256", headers={"kid": provider.keys[0].kid})


def cut_off(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, provider.keys[0].private, "RS256", headers={"kid": provider.keys[0].kid})[:-4]


def _part(value: object) -> bytes:
    return _base64(json.dumps(value).encode())


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


@pytest.mark.parametrize(
    "sign", [unsigned, by_the_public_key, by_another_key, with_a_key_in_its_header, with_another_algorithm, cut_off]
)
async def test_a_token_that_the_provider_did_not_sign(
    bank: Bank, sign: Callable[[IdentityProvider, dict[str, Any]], str]
) -> None:
    bank.provider.sign = sign
    await _is_refused(newcomer(bank))


NOW = int(time.time())


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"}, {"nonce": None}, {"nonce": 7}, {"nonce": "\ud800"}, {"aud": "another-client"},
        {"aud": ["another-client"]}, {"aud": [CLIENT_ID, "another-client"]}, {"aud": []}, {"azp": "another-client"},
        {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"}, {"iss": "https://elsewhere.example"},
        {"iss": None}, {"exp": NOW - 3600}, {"exp": None}, {"exp": "soon"}, {"iat": NOW + 3600}, {"iat": NOW - 7200},
        {"iat": None}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "x" * 256}, {"sub": "a\x00b"},
        {"at_hash": "bm90LWl0LWF0LWFsbA"}, {"at_hash": 7}, {"nbf": NOW + 3600},
    ],
    ids=repr,
)  # fmt: skip
async def test_a_token_that_says_what_it_must_not(bank: Bank, claims: dict[str, Any]) -> None:
    def change(told: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in (told | claims).items() if value is not None}

    bank.provider.change_claims = change
    await _is_refused(newcomer(bank))


async def test_several_audiences_with_this_one_as_the_party(bank: Bank) -> None:
    bank.provider.change_claims = lambda told: told | {"aud": [CLIENT_ID, "accounting"], "azp": CLIENT_ID}
    assert (await newcomer(bank).sign_in()).status_code == 303


async def _is_refused(browser: Browser) -> None:
    answer = await browser.sign_in()
    assert answer.status_code == 403, answer.text
    assert "was not accepted" in answer.text
    assert COOKIE not in browser.cookies
    assert FLOW_COOKIE not in browser.cookies
    count = "SELECT count(*) FROM user_identities WHERE subject = $1"
    assert await browser.bank.pool.fetchval(count, browser.subject) == 0


@pytest.mark.parametrize("issuer", ["https://elsewhere.example", ""])
async def test_an_answer_of_another_issuer(bank: Bank, issuer: str) -> None:
    """RFC 9207: the provider says that it names itself, so an answer that does not is somebody else's."""
    bank.provider.answer_issuer = issuer
    await _is_refused(newcomer(bank))
    assert "/token" not in bank.provider.seen  # the code stayed here


async def test_a_provider_that_never_names_itself_will_do(bank: Bank) -> None:
    bank.provider.answer_issuer = ""
    bank.provider.metadata["authorization_response_iss_parameter_supported"] = False
    assert (await newcomer(bank).sign_in()).status_code == 303


async def test_somebody_elses_answer_signs_nobody_in(bank: Bank) -> None:
    attacker, victim = newcomer(bank), newcomer(bank)
    planted = await attacker.way_back()
    assert (await victim.get(planted)).status_code == 400  # the victim's browser has no cookie
    await victim.get("/auth/oidc/start")
    assert (await victim.get(planted)).status_code == 400  # nor with a flow of its own
    assert COOKIE not in victim.cookies
    assert "/token" not in bank.provider.seen


@pytest.mark.parametrize("changes", [{"state": "x"}, {"state": None}, {"state": "\udc80"}])
async def test_an_answer_with_another_state(bank: Bank, changes: dict[str, str | None]) -> None:
    browser = newcomer(bank)
    way = await browser.way_back()
    state = changes["state"]
    bent = changed(way, state=None) + "&state=%ED%B2%80" if state == "\udc80" else changed(way, **changes)
    assert (await browser.get(bent)).status_code in (400, 422)
    assert COOKIE not in browser.cookies


async def test_an_answer_counts_once(bank: Bank) -> None:
    browser = newcomer(bank)
    way = await browser.way_back()
    cookie = dict(browser.cookies)
    assert (await browser.get(way)).status_code == 303
    browser.cookies = cookie  # as a browser that kept what it should have forgotten
    asked = bank.provider.seen.count("/token")
    answer = await browser.get(way)
    assert answer.status_code == 400
    assert "cannot be finished" in answer.text
    assert bank.provider.seen.count("/token") == asked


async def test_a_code_of_another_sign_in_is_refused_by_pkce(bank: Bank) -> None:
    one, other = newcomer(bank), newcomer(bank)
    stolen = (await one.way_back()).partition("code=")[2].partition("&")[0]
    answer = await other.get(changed(await other.way_back(), code=stolen))
    assert answer.status_code == 400
    assert COOKIE not in other.cookies


async def test_who_says_no_at_the_provider_gets_a_page(bank: Bank) -> None:
    browser = newcomer(bank)
    way = changed(await browser.way_back(), code=None, error="access_denied<script>")
    answer = await browser.get(way)
    assert answer.status_code == 403
    assert "<script>" not in answer.text.partition("<main")[2]


async def test_nothing_in_an_address_leads_elsewhere(bank: Bank) -> None:
    for address in (
        "/auth/oidc/start?to=https://elsewhere.example", "/auth/oidc/start?to=console&next=//elsewhere.example",
        "/auth/oidc/start?redirect_uri=https://elsewhere.example",
    ):  # fmt: skip
        answer = await newcomer(bank).get(address)
        assert "elsewhere" not in answer.headers.get("location", "")
    browser = newcomer(bank)
    answer = await browser.get(await browser.way_back() + "&next=//elsewhere.example&to=//elsewhere.example")
    assert answer.headers["location"] == "/"


async def test_a_new_key_is_fetched_when_a_token_names_it(bank: Bank) -> None:
    assert (await newcomer(bank).sign_in()).status_code == 303
    fetched = bank.provider.seen.count("/keys")
    bank.gateway.parts.accounts.oidc._provider._keys._fetched_s -= provider_module.KEYS_AGAIN_S  # type: ignore[union-attr]
    bank.provider.rotate()
    assert (await newcomer(bank).sign_in()).status_code == 303
    assert bank.provider.seen.count("/keys") == fetched + 1


async def test_tokens_with_invented_keys_do_not_make_it_fetch_again_and_again(bank: Bank) -> None:
    assert (await newcomer(bank).sign_in()).status_code == 303
    stranger = Key("one", rsa.generate_private_key(65537, 2048))
    for number in range(20):
        claims = {"iss": bank.provider.issuer, "aud": CLIENT_ID, "sub": "x"}
        token = jwt.encode(claims, stranger.private, "RS256", headers={"kid": f"invented-{number}"})
        answer = await bank.gateway.http.post("/auth/oidc/backchannel-logout", data={"logout_token": token})
        assert kind_of(answer) == (400, "malformed-request")
    assert bank.provider.seen.count("/keys") == 1


async def _huge(_: Request) -> Response:
    async def pieces() -> Any:
        for _ in range(2_000):
            yield b" " * 65_536

    return StreamingResponse(pieces(), media_type="application/json")


async def _silent(_: Request) -> Response:
    await asyncio.sleep(60)
    return Response()


async def _dripping(_: Request) -> Response:
    async def pieces() -> Any:
        for _ in range(600):
            yield b" "
            await asyncio.sleep(0.1)

    return StreamingResponse(pieces(), media_type="application/json")


async def _elsewhere(_: Request) -> Response:
    return RedirectResponse("http://127.0.0.1:1/elsewhere", 302)


async def _deep(_: Request) -> Response:
    return Response(b"[" * 100_000, media_type="application/json")


async def _a_list(_: Request) -> Response:
    return JSONResponse([1])


async def _packed(_: Request) -> Response:
    return Response(gzip.compress(b" " * 50_000_000), headers={"content-encoding": "gzip"})


async def _failing(_: Request) -> Response:
    return Response("<h1>Bad gateway</h1>", 502)


BAD = [_huge, _silent, _dripping, _elsewhere, _deep, _a_list, _packed, _failing]


@pytest.mark.parametrize("answer", BAD, ids=lambda each: each.__name__)
@pytest.mark.parametrize("path", [DISCOVERY, "/keys", "/token", "/userinfo"])
async def test_a_provider_that_cannot_be_used_is_a_page_inside_a_deadline(
    bank: Bank, path: str, answer: Callable[[Request], Awaitable[Response]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_module, "DEADLINE_S", 0.5)
    bank.provider.answers[path] = answer
    bank.provider.claims_in_token = path != "/userinfo"
    browser = newcomer(bank)
    began = time.perf_counter()
    if path == DISCOVERY:
        shown = await browser.get("/auth/oidc/start")
    else:
        way = asyncio.create_task(browser.sign_in())
        other = await bank.gateway.http.get("/livez")  # the gateway's other routes go on
        assert other.status_code < 500
        shown = await way
    assert time.perf_counter() - began < 5
    if path == "/userinfo" and answer in (_deep, _a_list):
        assert shown.status_code == 403  # an answer, but of nobody
    else:
        assert shown.status_code == 503, shown.text
        assert shown.headers["retry-after"]
    assert COOKIE not in browser.cookies


async def test_an_answer_that_is_right_but_too_large_is_refused(bank: Bank) -> None:
    bank.provider.metadata["padding"] = "x" * provider_module.ANSWER_BYTES_MAX
    assert (await newcomer(bank).get("/auth/oidc/start")).status_code == 503


async def test_a_redirect_of_the_provider_is_not_followed(bank: Bank) -> None:
    async def moved(_: Request) -> Response:
        return RedirectResponse(f"{bank.provider.issuer}/moved", 307)

    bank.provider.answers["/token"] = moved
    assert (await newcomer(bank).sign_in()).status_code == 503
    assert "/token" in bank.provider.seen
    assert "/moved" not in bank.provider.seen


async def test_who_comes_while_the_provider_is_away_does_not_wait(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "DEADLINE_S", 1.0)
    bank.provider.answers[DISCOVERY] = _silent
    assert (await newcomer(bank).get("/auth/oidc/start")).status_code == 503
    began = time.perf_counter()
    asking = bank.gateway.http
    host = {"host": bank.gateway.address}
    answers = await asyncio.gather(*(asking.get("/auth/oidc/start", headers=host) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {503}
    assert time.perf_counter() - began < 1.0
    assert bank.provider.seen.count(DISCOVERY) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://elsewhere.example"}, {"token_endpoint": None}, {"jwks_uri": "http://elsewhere.example/keys"},
        {"token_endpoint": "ftp://127.0.0.1/token"}, {"authorization_endpoint": "javascript:alert(1)"},
    ],
)  # fmt: skip
async def test_a_discovery_document_that_leads_elsewhere(bank: Bank, said: dict[str, str]) -> None:
    bank.provider.metadata |= said
    answer = await newcomer(bank).get("/auth/oidc/start")
    assert answer.status_code == 503


async def test_a_page_repeats_nothing_unescaped(bank: Bank) -> None:
    browser = bank.person('<img src=x onerror="alert(1)">', ["kitchen"])
    answer = await browser.sign_in()
    assert answer.status_code == 403
    assert "<img src=x" not in answer.text
    assert "&lt;img src=x" in answer.text
