"""Settings of the identity provider: what is refused at the start, and which groups give what."""

import secrets
from typing import Any

import pytest

from contracts.oidc import Grant, SeveralClients, groups_of, parse_grants
from settings import Settings

GOOD: dict[str, Any] = {
    "oidc_issuer": "https://login.bank.example/realms/bank",
    "oidc_client_id": "riskstream",
    "oidc_client_secret": "of-the-client",
    "oidc_roles": "fraud-admins=admin;fraud-analysts=analyst",
    "public_url": "https://fraud.bank.example",
}

PRODUCTION = {
    "environment": "production", "secret_key": secrets.token_urlsafe(48), "unprotected_stores": "a test without stores",
    "oidc_client_secret": secrets.token_urlsafe(24),
}  # fmt: skip


def settings(**changes: Any) -> Settings:
    return Settings(_env_file=None, **(GOOD | changes))


def test_a_whole_provider() -> None:
    provider = settings(public_url="https://fraud.bank.example/").oidc
    assert provider is not None
    assert provider.redirect_uri == "https://fraud.bank.example/auth/oidc/callback"
    assert "of-the-client" not in repr(provider)
    assert Settings(_env_file=None).oidc is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"oidc_issuer": ""}, "OIDC_ISSUER is not set"),
        ({"oidc_issuer": "http://login.bank.example"}, "OIDC_ISSUER: .* must begin with https"),
        ({"oidc_issuer": "login.bank.example"}, "OIDC_ISSUER: .* is not an address"),
        ({"oidc_issuer": "https://user@login.bank.example"}, "OIDC_ISSUER: .* is not an address"),
        ({"oidc_issuer": "https://login.bank.example:x"}, "OIDC_ISSUER: .* is not an address"),
        ({"oidc_client_id": ""}, "OIDC_CLIENT_ID is needed"),
        ({"public_url": ""}, "PUBLIC_URL is needed"),
        ({"public_url": "http://fraud.bank.example"}, "PUBLIC_URL: .* must begin with https"),
        ({"oidc_roles": ""}, "OIDC_ROLES is needed"),
        ({"oidc_roles": "fraud-admins"}, "OIDC_ROLES: 'fraud-admins' is not GROUP=ROLE"),
        ({"oidc_roles": "fraud-admins=king"}, "a role is admin, analyst or viewer"),
        ({"oidc_roles": "a=admin@bank"}, "after @ comes the number of a client"),
        ({"oidc_roles": "a=admin@0"}, "after @ comes the number of a client"),
        ({"oidc_roles": "a=admin;a=viewer"}, "a group stands there twice"),
        ({"oidc_roles": "*=viewer;*=viewer@2"}, r"\* can stand there once"),
        ({"oidc_scopes": "email"}, "OIDC_SCOPES: 'openid' has to be among them"),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(changes: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        settings(**changes)


def test_passwords_are_not_turned_off_without_a_provider() -> None:
    with pytest.raises(ValueError, match="OIDC_ISSUER is not set"):
        Settings(_env_file=None, oidc_only=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_this_machine_may_do_without_tls_but_not_in_production(host: str) -> None:
    changes = {"oidc_issuer": f"http://{host}:8080/realms/bank", "public_url": f"http://{host}:8000"}
    assert settings(**changes).oidc is not None
    with pytest.raises(ValueError, match="must begin with https"):
        settings(**changes, **PRODUCTION)
    assert settings(**PRODUCTION).oidc is not None


def test_groups_have_signs_in_them() -> None:
    text = " /fraud=team/leads = admin @ 3 ; 1b2c-object-id=analyst;"
    assert parse_grants(text, 7) == (Grant("/fraud=team/leads", "admin", 3), Grant("1b2c-object-id", "analyst", 7))


def test_the_highest_role_of_the_groups_counts_and_everybody_only_without_one() -> None:
    provider = settings(oidc_roles="a=viewer;b=admin;c=analyst@2;*=viewer@3").oidc
    assert provider is not None
    assert provider.grant_of(["a", "b", "x"]) == Grant("b", "admin", 1)
    assert provider.grant_of(["c"]) == Grant("c", "analyst", 2)
    assert provider.grant_of([]) == Grant("*", "viewer", 3)
    assert provider.grant_of(["*"]) == Grant("*", "viewer", 3)  # nobody gets in by the name of a group
    with pytest.raises(SeveralClients):
        provider.grant_of(["a", "c"])


def test_groups_are_found_where_the_claim_says() -> None:
    claims: dict[str, object] = {
        "groups": ["a", 7, None, "b"], "one": "a", "realm_access": {"roles": ["c"]},
        "https://bank.example/groups": ["d"], "odd": {"a": 1},
    }  # fmt: skip
    assert groups_of(claims, "groups") == ["a", "b"]
    assert groups_of(claims, "one") == ["a"]
    assert groups_of(claims, "realm_access.roles") == ["c"]
    assert groups_of(claims, "https://bank.example/groups") == ["d"]
    for absent in ("none", "odd", "realm_access.none", "one.more"):
        assert groups_of(claims, absent) is None
