"""WebAuthn as this installation speaks it: which site a credential belongs to, and how it is checked."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from settings import Settings
from storage.second_factors import Factor, NewCredential, WebAuthnProof

NAME = "Riskstream"
TIMEOUT_MS = 120_000  # for somebody to look for the key and touch it


class RelyingParty:
    """The site of PUBLIC_URL. Browsers know no site by its address in numbers: on this machine it is `localhost`."""

    def __init__(self, public_url: str, *, verify_user: bool) -> None:
        parts = urlsplit(public_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.site = parts.hostname or ""
        self._verify_user = verify_user
        self._verification = (
            UserVerificationRequirement.REQUIRED if verify_user else UserVerificationRequirement.PREFERRED
        )

    def registration(self, user_id: int, email: str, name: str, challenge: bytes, known: Sequence[Factor]) -> Any:
        """What `navigator.credentials.create` is asked, as JSON; `known` credentials are not registered twice."""
        options = webauthn.generate_registration_options(
            rp_id=self.site,
            rp_name=NAME,
            user_id=f"user:{user_id}".encode(),
            user_name=email,
            user_display_name=name,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=self._verification
            ),
            exclude_credentials=_descriptors(known),
        )
        return json.loads(webauthn.options_to_json(options))

    def registered(self, credential: Mapping[str, Any], challenge: bytes, name: str) -> NewCredential | None:
        """The credential, if it was made for this site and challenge."""
        try:
            verified = webauthn.verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self.site,
                expected_origin=self.origin,
                require_user_verification=self._verify_user,
            )
        except _REFUSED:
            return None
        return NewCredential(name, verified.credential_id, verified.credential_public_key, verified.sign_count)

    def assertion(self, challenge: bytes, known: Sequence[Factor]) -> Any:
        """What `navigator.credentials.get` is asked, as JSON."""
        options = webauthn.generate_authentication_options(
            rp_id=self.site,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            allow_credentials=_descriptors(known),
            user_verification=self._verification,
        )
        return json.loads(webauthn.options_to_json(options))

    def asserted(
        self, credential: Mapping[str, Any], challenge: bytes, known: Sequence[Factor]
    ) -> WebAuthnProof | None:
        """The proof, if one of these credentials signed this challenge for this site, and its count went on."""
        try:
            parsed = webauthn.helpers.parse_authentication_credential_json(dict(credential))
            factor = next((each for each in known if each.credential_id == parsed.raw_id), None)
            if factor is None or factor.public_key is None:
                return None
            verified = webauthn.verify_authentication_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self.site,
                expected_origin=self.origin,
                credential_public_key=factor.public_key,
                credential_current_sign_count=factor.sign_count or 0,
                require_user_verification=self._verify_user,
            )
        except _REFUSED:
            return None
        return WebAuthnProof(factor.factor_id, verified.new_sign_count)


# The library parses what a caller sent: besides its own errors, what Python raises for nonsense means the same.
_REFUSED = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


def relying_party(settings: Settings) -> RelyingParty:
    """The site as the settings name it."""
    url = settings.public_url or f"http://localhost:{settings.api_port}"
    return RelyingParty(url, verify_user=settings.webauthn_user_verification == "required")


def _descriptors(factors: Sequence[Factor]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each.credential_id) for each in factors if each.credential_id]
