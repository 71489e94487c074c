"""What accounts are made of, in one process."""

import asyncio
from dataclasses import dataclass

from api.accounts.access_tokens import AccessTokens
from api.accounts.counters import Counters
from api.accounts.devices import Devices
from api.accounts.enrolment import Enrolment
from api.accounts.factor_checks import FactorChecks
from api.accounts.joining import Joining
from api.accounts.key_use import KeyUse
from api.accounts.limiter import Limiter
from api.accounts.lockout import Lockout
from api.accounts.one_time_codes import OneTimeCodes
from api.accounts.password_rules import PasswordRules
from api.accounts.passwords import Passwords
from api.accounts.quota import Quotas
from api.accounts.relying_party import relying_party
from api.accounts.second_step import SecondStep
from api.accounts.signing_in import SigningIn
from api.accounts.tiers import Rate
from api.accounts.unknown_keys import UnknownKeys
from api.database import Database
from api.keyring import Keyring
from api.oidc.signing_in import ProviderSignIn
from settings import Settings


@dataclass(frozen=True, slots=True)
class AccountParts:
    """Built once; `run` is its background work, which closes `sign_ins` and `counters` at its end."""

    signing_in: SigningIn
    second_step: SecondStep
    enrolment: Enrolment
    joining: Joining
    limiter: Limiter
    quotas: Quotas
    key_use: KeyUse
    counters: Counters
    passwords: Passwords
    sign_ins: Database
    devices: Devices
    unknown_keys: UnknownKeys
    oidc: ProviderSignIn | None

    async def run(self) -> None:
        try:
            await self.key_use.run()
        finally:
            self.passwords.close()
            if self.oidc is not None:
                await self.oidc.close()
            await self.sign_ins.close()
            await asyncio.shield(self.counters.close())


def build_accounts(
    settings: Settings,
    identity: Database,
    sign_ins: Database,
    keyring: Keyring,
    tokens: AccessTokens,
    passwords: Passwords | None,
) -> AccountParts:
    """`sign_ins` are connections of their own: attempts wait for each other there, and calls must not wait for them.

    Raises SettingsError.
    """
    of_all = Rate.parse(settings.rate_limit, "RATE_LIMIT") if settings.rate_limit else None
    of_address = Rate.parse(settings.auth_rate_limit, "AUTH_RATE_LIMIT")
    counters = Counters(settings.redis_url, settings.redis_key_prefix)
    passwords = passwords or Passwords()
    devices = Devices(keyring)
    lockout = Lockout(sign_ins, keyring, devices)
    rules = PasswordRules(settings.app_name)
    checks = FactorChecks(sign_ins, keyring, relying_party(settings), OneTimeCodes())
    second_step = SecondStep(sign_ins, keyring, checks)
    signing_in = SigningIn(sign_ins, keyring, tokens, passwords, lockout, second_step)
    provider = settings.oidc
    return AccountParts(
        signing_in=signing_in,
        second_step=second_step,
        enrolment=Enrolment(sign_ins, keyring, checks, signing_in),
        joining=Joining(sign_ins, keyring, passwords, lockout, signing_in, rules, settings.registration_mode),
        limiter=Limiter(counters, of_all, of_address),
        quotas=Quotas(identity),
        key_use=KeyUse(identity),
        counters=counters,
        passwords=passwords,
        sign_ins=sign_ins,
        devices=devices,
        unknown_keys=UnknownKeys(counters, of_address),
        oidc=ProviderSignIn(provider, sign_ins, keyring, signing_in) if provider else None,
    )
