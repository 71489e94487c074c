"""What second factors look like over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from api.accounts.factor_checks import Given
from api.accounts.roles import Role
from api.accounts.schemas import SECRET_EXAMPLE, Name, Password, Request, Token
from api.schemas import Answer

Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$"),
    Field(examples=["492039"], description="6 digits"),
]
RecoveryCode = Annotated[str, Field(min_length=1, max_length=64, examples=["k3vd-9mtp-xw4a-7hqe"])]
Credential = Annotated[
    dict[str, Any],
    Field(max_length=16, description="The browser's credential as JSON: `PublicKeyCredential.toJSON()`"),
]
FactorName = Annotated[Name, Field(examples=["phone"])]


class GivenIn(Request):
    """Base of bodies with a second factor: exactly one way is given."""

    code: Annotated[Code | None, Field(description="Of an authenticator app")] = None
    recovery_code: RecoveryCode | None = None

    @property
    def given(self) -> Given:
        return Given(self.code, self.recovery_code)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = set(type(self).model_fields) - {"challenge"}
        if sum(getattr(self, name) is not None for name in ways) != 1:
            raise ValueError(f"give exactly one of {', '.join(sorted(ways))}")
        return self


class SecondFactorIn(GivenIn):
    """`challenge` is what the sign-in by password answered."""

    challenge: Token
    credential: Credential | None = None

    @property
    def given(self) -> Given:
        return Given(self.code, self.recovery_code, self.credential)


class ConfirmIn(GivenIn):
    password: Password | None = None


class ChallengeIn(Request):
    challenge: Token


class TotpIn(Request):
    name: FactorName = "Authenticator app"


class TotpOut(Answer):
    """For an authenticator app. The secret is shown this once; it counts when a code of it is confirmed."""

    factor_id: int
    secret: Annotated[str, Field(examples=[SECRET_EXAMPLE])]
    otpauth_uri: Annotated[str, Field(examples=["otpauth://totp/Riskstream:amina%40bank.example?secret=…"])]
    qr_code: Annotated[str, Field(description="The same as a picture: the `data:` address of an SVG")]


class TotpConfirmIn(Request):
    code: Code


class EnrolledOut(Answer):
    """`recovery_codes` are shown this once, and only with the first factor; else the list is empty."""

    factor_id: int
    recovery_codes: list[str]


class RecoveryCodesOut(Answer):
    """Each works once, in place of a second factor. They are shown this once."""

    recovery_codes: list[str]


class CredentialOptionsOut(Answer):
    """`options` is for `PublicKeyCredential.parseCreationOptionsFromJSON()`."""

    challenge: Token
    options: dict[str, Any]


class AssertionOptionsOut(Answer):
    """`options` is for `PublicKeyCredential.parseRequestOptionsFromJSON()`."""

    options: dict[str, Any]


class CredentialIn(Request):
    """`challenge` is what the begin answered."""

    challenge: Token
    credential: Credential
    name: FactorName = "Security key"


class FactorOut(Answer):
    factor_id: int
    kind: Literal["totp", "webauthn"]
    name: str
    created_at: datetime
    last_used_at: datetime | None


class FactorsOut(Answer):
    """`required`: your client asks for a second factor, and this session has shown none."""

    factors: list[FactorOut]
    recovery_codes_left: int
    required: bool


class SignInPolicyIn(Request):
    second_factor_roles: Annotated[
        list[Role],
        Field(max_length=3, description="Users of these roles need a second factor", examples=[["admin", "analyst"]]),
    ]


class SignInPolicyOut(Answer):
    """`users_without_factor`: of all roles, deactivated users not counted."""

    second_factor_roles: list[Role]
    users_without_factor: int
    changed_by: Annotated[str | None, Field(examples=["user:17"])]
    changed_at: datetime | None
