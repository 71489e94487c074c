"""Wycheproof's JOSE vectors at the reader of our tokens: a valid one of our algorithm is verified, and nothing else."""

import base64
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import jwt
import pytest

from api.accounts.access_tokens import AUDIENCE, PURPOSE
from api.keyring import ALGORITHM, ISSUER, Keyring, Signer
from tests.judges.suites import Verdicts, folder

CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "1", "iat": 1, "exp": 4_000_000_000}


class Vector(NamedTuple):
    case: str
    token: str
    keys: list[dict[str, Any]]
    is_valid: bool


class AnyName(dict[str, bytes]):
    """The vectors name their keys as they like."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def get(self, _name: str, _default: object = None) -> Any:
        return self._key


@pytest.fixture
def signer(monkeypatch: pytest.MonkeyPatch) -> Signer:
    """The vectors sign texts such as "foo"; what comes after the signature gets our claims to check instead."""
    monkeypatch.setattr(jwt.PyJWT, "_decode_payload", lambda *_, **__: dict(CLAIMS))
    return Signer(Keyring("a-secret-for-tests-and-nothing-else-0123456789"), PURPOSE, AUDIENCE)


def is_verified(signer: Signer, token: str, key: bytes) -> bool:
    signer._keys = AnyName(key)
    return signer.read(token) is not None


def vectors(name: str) -> Iterator[Vector]:
    for group in json.loads((folder("jose") / name).read_bytes())["testGroups"]:
        found = group.get("public", group["private"])
        keys = found.get("keys", [found])
        for test in group["tests"]:
            yield Vector(f"{test['tcId']} {test['comment']}", test["jws"], keys, test["result"] == "valid")


def secret_of(key: dict[str, Any]) -> bytes:
    """A symmetric key's bytes; of another one what a confused reader might take for a secret."""
    text = next(key[name] for name in ("k", "n", "x") if name in key)
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("name", ["json_web_signature_test.json", "json_web_key_test.json"])
def test_the_suite(signer: Signer, name: str) -> None:
    verdicts = Verdicts("Wycheproof", name.removesuffix("_test.json"))
    for vector in vectors(name):
        allowed = [key for key in vector.keys if key.get("kty") == "oct" and key.get("alg") == ALGORITHM]
        expected = vector.is_valid and bool(allowed)
        # A keyring holds keys of our algorithm alone; what is signed with another kind meets that kind's bytes as well.
        tried = allowed if "web_key" in name else vector.keys
        found = [is_verified(signer, vector.token, secret_of(key)) for key in tried]
        verdicts.judge(vector.case, any(found) == expected, found)
    verdicts.check()


def test_only_our_algorithm_and_an_exact_signature_count(signer: Signer) -> None:
    key = b"k" * 32
    good = jwt.encode(CLAIMS, key, ALGORITHM, headers={"kid": "any"})
    head, body, signature = good.split(".")
    assert is_verified(signer, good, key)
    assert not is_verified(signer, good, b"K" * 32)
    for forged in (
        jwt.encode(CLAIMS, key * 2, "HS512", headers={"kid": "any"}),
        jwt.encode(CLAIMS, None, "none", headers={"kid": "any"}),
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}",
        f"{head}.{body}.{signature}=",
        f"{head}.{body}.{signature}\n",
        f"{head}.{body}.{signature}.{signature}",
        f"{head}.{body}",
        "..",
        "",
        "ü.ü.ü",
        "\ud800.a.b",
    ):
        assert not is_verified(signer, forged, key), forged
