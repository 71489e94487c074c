"""Second factors: finishing a sign-in with one, enrolling and removing them, recovery codes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from api.accounts.access_tokens import ACCESS_TOKEN_S
from api.accounts.devices import origin_of
from api.accounts.factor_schemas import (
    AssertionOptionsOut,
    ChallengeIn,
    ConfirmIn,
    CredentialIn,
    CredentialOptionsOut,
    EnrolledOut,
    FactorOut,
    FactorsOut,
    RecoveryCodesOut,
    SecondFactorIn,
    TotpConfirmIn,
    TotpIn,
    TotpOut,
)
from api.accounts.limiter import counted
from api.accounts.schemas import TokensOut
from api.accounts.signing_in import email_key
from api.accounts.trail import entry_of
from api.addresses import address_of
from api.auth import SignedIn
from api.cursors import SEQUENCE_MAX
from api.json_bodies import JsonRoute
from api.openapi import errors
from api.parts import PartsOf
from api.problems import request_id_of

router = APIRouter(prefix="/auth", tags=["auth"], route_class=JsonRoute)
_OPEN = [Depends(counted)]
Number = Annotated[int, Path(ge=1, le=SEQUENCE_MAX)]


@router.post("/login/second-factor", summary="Finish signing in", dependencies=_OPEN, responses=errors(401, 410))
async def finish_login(request: Request, response: Response, parts: PartsOf, body: SecondFactorIn) -> TokensOut:
    """Trade the challenge of `POST /auth/login` and a second factor for tokens.

    A challenge lasts 5 minutes and 5 attempts. A code and an assertion count once. Wrong codes make the user wait, each
    longer than the one before (429, `Retry-After`); a security key still works then.
    """
    signed = await parts.accounts.signing_in.with_factor(
        body.challenge, body.given, address_of(request), request_id_of(request)
    )
    parts.accounts.devices.mark(response, email_key(signed.email), secure=request.url.scheme == "https")
    return TokensOut(access_token=signed.access_token, refresh_token=signed.refresh_token, expires_in=ACCESS_TOKEN_S)


@router.post(
    "/login/webauthn-options", summary="What a security key has to sign", dependencies=_OPEN, responses=errors(410)
)
async def login_options(parts: PartsOf, body: ChallengeIn) -> AssertionOptionsOut:
    """For `navigator.credentials.get`, for a sign-in by tokens or of a browser. Valid for one attempt."""
    return AssertionOptionsOut(options=await parts.accounts.second_step.ask_authenticator(body.challenge))


@router.post("/confirm", status_code=204, summary="Say once more who you are", responses=errors(401))
async def confirm(request: Request, caller: SignedIn, parts: PartsOf, body: ConfirmIn) -> Response:
    """Give the password, a code or a recovery code: for 5 minutes this session may change how you sign in."""
    entry = entry_of(request, caller, "user.recovery_code_used", caller.actor)
    await parts.accounts.enrolment.confirm(caller, body.password, body.given, origin_of(request), entry)
    return Response(status_code=204)


@router.get("/factors", summary="Your second factors")
async def list_factors(caller: SignedIn, parts: PartsOf) -> FactorsOut:
    """Names and times, never secrets; and how many recovery codes are left."""
    factors, left = await parts.accounts.enrolment.overview(caller)
    return FactorsOut(
        factors=[FactorOut.model_validate(each) for each in factors],
        recovery_codes_left=left,
        required=caller.lacks_factor,
    )


@router.post("/factors/totp", status_code=201, summary="Begin with an authenticator app", responses=errors(409))
async def begin_totp(caller: SignedIn, parts: PartsOf, body: TotpIn) -> TotpOut:
    """A secret for the app, shown this once. It counts when a code of it is confirmed within 10 minutes.

    403 (`proof-required`) if you signed in more than 5 minutes ago: `POST /auth/confirm` first.
    """
    offer = await parts.accounts.enrolment.begin_totp(caller, body.name)
    return TotpOut(factor_id=offer.factor_id, secret=offer.secret, otpauth_uri=offer.address, qr_code=offer.qr_code)


@router.post("/factors/totp/{factor_id}/confirm", summary="Confirm an authenticator app", responses=errors(401, 404))
async def confirm_totp(
    request: Request, caller: SignedIn, parts: PartsOf, factor_id: Number, body: TotpConfirmIn
) -> EnrolledOut:
    """From now on a sign-in asks for a second factor. Your other sessions end."""
    entry = entry_of(request, caller, "user.factor_added", f"factor:{factor_id}", kind="totp")
    codes = await parts.accounts.enrolment.confirm_totp(caller, factor_id, body.code, entry)
    return EnrolledOut(factor_id=factor_id, recovery_codes=codes)


@router.post("/factors/webauthn/begin", summary="Begin with a security key or passkey")
async def begin_webauthn(caller: SignedIn, parts: PartsOf) -> CredentialOptionsOut:
    """For `navigator.credentials.create` on a page of PUBLIC_URL. Valid for 5 minutes and one attempt."""
    challenge, options = await parts.accounts.enrolment.begin_credential(caller)
    return CredentialOptionsOut(challenge=challenge, options=options)


@router.post(
    "/factors/webauthn", status_code=201, summary="Register a security key or passkey", responses=errors(401, 409, 410)
)
async def finish_webauthn(request: Request, caller: SignedIn, parts: PartsOf, body: CredentialIn) -> EnrolledOut:
    """Keep the credential that the authenticator made. Your other sessions end."""
    entry = entry_of(request, caller, "user.factor_added", kind="webauthn")
    factor_id, codes = await parts.accounts.enrolment.add_credential(
        caller, body.challenge, body.name, body.credential, entry
    )
    return EnrolledOut(factor_id=factor_id, recovery_codes=codes)


@router.delete("/factors/{factor_id}", status_code=204, summary="Remove a second factor", responses=errors(404))
async def remove_factor(request: Request, caller: SignedIn, parts: PartsOf, factor_id: Number) -> Response:
    """Your other sessions end. With the last factor the recovery codes go."""
    entry = entry_of(request, caller, "user.factor_removed", f"factor:{factor_id}")
    await parts.accounts.enrolment.remove(caller, factor_id, entry)
    return Response(status_code=204)


@router.post("/factors/recovery-codes", status_code=201, summary="Renew the recovery codes", responses=errors(404))
async def renew_recovery_codes(request: Request, caller: SignedIn, parts: PartsOf) -> RecoveryCodesOut:
    """Ten new ones, shown this once; the earlier ones work no longer."""
    entry = entry_of(request, caller, "user.recovery_codes_renewed", caller.actor)
    return RecoveryCodesOut(recovery_codes=await parts.accounts.enrolment.renew_codes(caller, entry))
