"""What accounts look like over HTTP."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.accounts.password_rules import PASSWORD_LENGTH_MIN
from api.accounts.passwords import PASSWORD_LENGTH_MAX
from api.accounts.roles import Role
from api.accounts.tiers import TierName
from api.keys import SECRET_LENGTH_MAX
from api.listing import Listed
from api.schemas import Answer

NAME_LENGTH_MAX = 100  # characters
EMAIL_LENGTH_MAX = 254  # characters, as SMTP has it
KEY_DAYS_MAX = 3650
OVERLAP_S_MAX = 30 * 86_400
OVERLAP_S_DEFAULT = 86_400  # a day to put the new key everywhere
SECRET_EXAMPLE = "shown-once-and-kept-by-you"  # noqa: S105  # an example  # nosec B105

# What browsers take for an email address (WHATWG).
_EMAIL = (
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$"
)
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=EMAIL_LENGTH_MAX, pattern=_EMAIL),
    Field(examples=["amina@bank.example"]),
]
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=NAME_LENGTH_MAX, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$"
    ),
    Field(examples=["Amina Otieno"]),
]
NewPassword = Annotated[
    str,
    Field(
        min_length=PASSWORD_LENGTH_MIN,
        max_length=PASSWORD_LENGTH_MAX,
        description="Refused if it is among the commonest, or made of the name or the email address",
        examples=["giraffes read on tuesdays"],
    ),
]
Password = Annotated[str, Field(min_length=1, max_length=PASSWORD_LENGTH_MAX, examples=["giraffes read on tuesdays"])]
Token = Annotated[str, Field(min_length=1, max_length=SECRET_LENGTH_MAX, examples=[SECRET_EXAMPLE])]
Scope = Literal["read", "score", "cases", "admin"]


class Request(BaseModel):
    """Base of all bodies: what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RegisterIn(Request):
    """A new client and its first administrator."""

    name: Name
    email: Email
    password: NewPassword
    subscription_tier: Annotated[
        TierName, Field(description="Others than starter are granted by the operator, or by an invitation")
    ] = "starter"
    invitation: Annotated[
        Token | None, Field(description="What `riskstream invite-client` printed; its tier counts")
    ] = None


class LoginIn(Request):
    """`client_id` chooses between accounts of one email address; without it the password does."""

    email: Email
    password: Password
    client_id: Annotated[int | None, Field(ge=1, le=2**31 - 1, examples=[2])] = None


class RefreshIn(Request):
    refresh_token: Token


class PasswordIn(Request):
    current_password: Password
    new_password: NewPassword


class ResetIn(Request):
    """`token` is what `riskstream reset-password` printed."""

    token: Token
    new_password: NewPassword


class AcceptIn(Request):
    """`token` is what the invitation's answer held."""

    token: Token
    name: Name
    password: NewPassword


class TokensOut(Answer):
    """An access token for the header `Authorization: Bearer`, and the refresh token that brings the next pair, once."""

    access_token: Annotated[str, Field(examples=["eyJhbGciOiJIUzI1NiIs…"])]
    refresh_token: Annotated[str, Field(examples=["rsr_…"])]
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - no secret
    expires_in: Annotated[int, Field(description="Seconds that the access token lasts", examples=[900])]


class RegisteredOut(TokensOut):
    client_id: Annotated[int, Field(examples=[2])]
    name: str
    email: str
    subscription_tier: TierName


class JoinedOut(TokensOut):
    client_id: int
    user_id: int
    name: str
    email: str
    role: Role


class MeOut(Answer):
    """Who is signed in. `session_expires_at` is when the password is asked for again."""

    user_id: int
    client_id: int
    client_name: str
    name: str
    email: str
    role: Role
    scopes: list[str]
    subscription_tier: TierName
    session_expires_at: datetime


class UserOut(Answer):
    user_id: int
    email: str
    name: str
    role: Role
    created_at: datetime
    last_sign_in_at: datetime | None
    deactivated_at: datetime | None


class UserPage(Listed):
    """Oldest first. `next_cursor` is null on the last page."""

    items: list[UserOut]
    next_cursor: str | None


class UserPatch(Request):
    """What is absent or null stays as it is."""

    name: Name | None = None
    role: Role | None = None
    active: Annotated[bool | None, Field(description="false: deactivated, signed out everywhere")] = None


class InviteIn(Request):
    email: Email
    role: Role


class InvitationOut(Answer):
    invitation_id: int
    email: str
    role: Role
    invited_by: Annotated[str, Field(examples=["user:17"])]
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None


class InvitedOut(InvitationOut):
    """An invitation with its token, which is shown this once: hand it to whom you invite."""

    token: Annotated[str, Field(examples=[SECRET_EXAMPLE])]


class InvitationPage(Listed):
    """Oldest first. `next_cursor` is null on the last page."""

    items: list[InvitationOut]
    next_cursor: str | None


class KeyIn(Request):
    """`expires_in_days` null: the key is valid until it is revoked."""

    name: Annotated[Name, Field(examples=["checkout service"])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4, examples=[["score"]])]
    expires_in_days: Annotated[int | None, Field(ge=1, le=KEY_DAYS_MAX)] = None


class RotateIn(Request):
    overlap_s: Annotated[
        int, Field(ge=0, le=OVERLAP_S_MAX, description="Seconds that the old key stays valid; 0: it ends at once")
    ] = OVERLAP_S_DEFAULT


class KeyOut(Answer):
    """A key without its secret; `prefix` is how it begins."""

    api_key_id: int
    name: str
    prefix: Annotated[str, Field(examples=["rsk_4f2aX9cQ"])]
    scopes: list[str]
    created_at: datetime
    created_by: Annotated[str, Field(examples=["user:17"])]
    last_used_at: Annotated[datetime | None, Field(description="To within some seconds")]
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    """A key with its secret, which is shown this once."""

    key: Annotated[str, Field(examples=["rsk_4f2aX9cQ…"])]


class KeyPage(Listed):
    """Oldest first, ended ones included. `next_cursor` is null on the last page."""

    items: list[KeyOut]
    next_cursor: str | None


class RateOut(Answer):
    """At most `requests` in each window of `window_s` seconds, of all the client's credentials together."""

    requests: int
    window_s: int


class QuotaOut(Answer):
    """Of transactions decided in this calendar month (UTC). Null: as many as come."""

    limit: int | None
    used: int
    remaining: int | None
    resets_at: datetime


class SubscriptionOut(Answer):
    tier: TierName
    since: Annotated[datetime | None, Field(description="null for a client that the operator made")]
    rate_limit: RateOut
    quota: QuotaOut


class SubscriptionIn(Request):
    tier: TierName
