"""Sign-in through an OpenID Connect provider: what the settings say about it, and which group gives which role."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

ROLES = ("viewer", "analyst", "admin")  # each may do what those before it may
EVERYBODY = "*"  # in OIDC_ROLES: whom the provider knows and no named group matches
GROUP_LENGTH_MAX = 256


@dataclass(frozen=True, slots=True)
class Grant:
    """What members of a group of the provider are here."""

    group: str
    role: str
    client_id: int


class SeveralClients(Exception):
    """Somebody's groups belong to more than one client."""


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """One provider. `client_secret` is empty for a public client, which PKCE alone protects.

    `public_url` is where browsers reach the console; `plain_http` lets addresses of this machine do without TLS.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]
    groups_claim: str
    grants: tuple[Grant, ...]
    name: str
    public_url: str
    plain_http: bool

    @property
    def redirect_uri(self) -> str:
        return f"{self.public_url}/auth/oidc/callback"

    def grant_of(self, groups: Collection[str]) -> Grant | None:
        """Return the highest role that the groups give; None: none. Raises SeveralClients."""
        matching = [grant for grant in self.grants if grant.group in groups and grant.group != EVERYBODY]
        matching = matching or [grant for grant in self.grants if grant.group == EVERYBODY]
        if len({grant.client_id for grant in matching}) > 1:
            raise SeveralClients
        return max(matching, key=lambda grant: ROLES.index(grant.role), default=None)


def parse_grants(text: str, default_client: int) -> tuple[Grant, ...]:
    """Read "fraud-admins=admin;bank-b=analyst@2;*=viewer". Raises ValueError with one sentence."""
    grants: list[Grant] = []
    for entry in filter(None, (each.strip() for each in text.split(";"))):
        group, equals, given = entry.rpartition("=")
        role, at, client = (each.strip() for each in given.partition("@"))
        group = group.strip()
        if not equals or not group or len(group) > GROUP_LENGTH_MAX:
            raise ValueError(f"{entry!r} is not GROUP=ROLE")
        if role not in ROLES:
            raise ValueError(f"{entry!r}: a role is admin, analyst or viewer")
        if at and (not client.isascii() or not client.isdigit() or not 0 < int(client) < 2**31):
            raise ValueError(f"{entry!r}: after @ comes the number of a client")
        grants.append(Grant(group, role, int(client) if at else default_client))
    if len({(grant.group, grant.client_id) for grant in grants}) < len(grants):
        raise ValueError("a group stands there twice for one client")
    if sum(grant.group == EVERYBODY for grant in grants) > 1:
        raise ValueError("* can stand there once")
    return tuple(grants)


def checked_url(url: str, *, plain_http: bool) -> str:
    """Return an address without a closing slash. Raises ValueError if it is not https (or loopback, where allowed)."""
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError(f"{url!r} is not an address") from error
    if not parts.hostname or not has_port or parts.username is not None or parts.fragment:
        raise ValueError(f"{url!r} is not an address like https://login.example")
    if parts.scheme != "https" and not (plain_http and parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError(f"{url!r} must begin with https://")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def checked_scopes(text: str) -> tuple[str, ...]:
    """Return the scopes, `openid` first. Raises ValueError."""
    scopes = text.split()
    if "openid" not in scopes:
        raise ValueError("'openid' has to be among them")
    return tuple(dict.fromkeys(["openid", *scopes]))


def groups_of(claims: dict[str, object], name: str) -> Sequence[str] | None:
    """Return the groups in a claim, None where it is absent. `realm_access.roles` finds a nested one.

    A claim whose own name has dots (`https://bank.example/groups`) is found by that name first.
    """
    value: object = claims.get(name)
    if value is None and "." in name:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        return None
    return [each for each in value if isinstance(each, str)]
