"""Becoming a user: by registering a client, or by an invitation to one; and setting a password anew."""

from collections.abc import Sequence
from typing import Literal

from api.accounts.devices import Origin
from api.accounts.lockout import Lockout
from api.accounts.password_rules import PasswordRules
from api.accounts.passwords import Passwords
from api.accounts.signing_in import SignedIn, SigningIn, email_key
from api.accounts.tiers import FREE_TIER
from api.auth import Caller
from api.database import Database
from api.keyring import Keyring
from api.keys import hash_client_invitation, hash_invitation, hash_password_reset
from api.problems import EMAIL_TAKEN, FORBIDDEN, TOKEN_SPENT, WEAK_PASSWORD, Problem
from storage.audit import AuditEntry
from storage.client_invitations import ClientInvitationRepository
from storage.invitations import InvitationRepository
from storage.password_resets import PasswordResetRepository
from storage.user_sessions import NewSession
from storage.users import Account, EmailTaken, InvitationSpent, NewUser, User, UserRepository

Registration = Literal["open", "invite", "closed"]

_TAKEN = "this email address has an account already; sign in, or use another"
_SPENT = "this token is unknown, used or over; ask for another"


class Joining:
    """Every method may raise StoreUnavailable, a 503 problem while too many sign in, and what it names."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        passwords: Passwords,
        lockout: Lockout,
        signing_in: SigningIn,
        rules: PasswordRules,
        registration: Registration,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._passwords = passwords
        self._lockout = lockout
        self._signing_in = signing_in
        self._rules = rules
        self._registration = registration

    async def register(
        self, *, name: str, email: str, password: str, tier: str, invitation: str | None, address: str, request_id: str
    ) -> tuple[SignedIn, str]:
        """A new client with its first administrator, and its tier. Raises a 403, 409, 410 or 422 problem."""
        hashes = None if invitation is None else self._keyring.hashes(hash_client_invitation, invitation)
        tier = await self._granted_tier(email, tier, hashes)
        user = await self.new_user(name=name, email=email, role="admin", password=password)
        first = _FirstSession(self._signing_in, address)
        async with self._database.pool() as pool:
            try:
                stored, opened = await UserRepository(pool).register(user, tier, first, request_id, hashes)
            except EmailTaken as error:
                raise Problem(EMAIL_TAKEN, _TAKEN) from error
            except InvitationSpent as error:
                raise Problem(TOKEN_SPENT, _SPENT) from error
        return self._signing_in.signed_in(stored, opened, first.refresh_token), tier

    async def _granted_tier(self, email: str, tier: str, invitation: Sequence[bytes] | None) -> str:
        """Return the tier with which somebody may register. Raises a 403 or 410 problem."""
        if self._registration == "closed":
            raise Problem(FORBIDDEN, "registration is closed here; ask the operator for an account")
        if invitation is not None:
            async with self._database.pool() as pool:
                found = await ClientInvitationRepository(pool).find(invitation)
            if found is None or found.email_key != email_key(email):
                raise Problem(TOKEN_SPENT, _SPENT)
            return found.tier
        if self._registration == "invite":
            raise Problem(FORBIDDEN, "registration needs an invitation of the operator: riskstream invite-client")
        if tier != FREE_TIER:
            raise Problem(FORBIDDEN, f"who registers gets the tier {FREE_TIER}; others are granted by the operator")
        return FREE_TIER

    async def accept(self, *, token: str, name: str, password: str, address: str, request_id: str) -> SignedIn:
        """The user of an invitation. Raises a 409, 410 or 422 problem."""
        async with self._database.pool() as pool:
            invitation = await InvitationRepository(pool).find(self._keyring.hashes(hash_invitation, token))
        if invitation is None:
            raise Problem(TOKEN_SPENT, _SPENT)
        user = await self.new_user(name=name, email=invitation.email, role=invitation.role, password=password)
        first = _FirstSession(self._signing_in, address)
        async with self._database.pool() as pool:
            try:
                joined = await InvitationRepository(pool).accept(invitation.invitation_id, user, first, request_id)
            except EmailTaken as error:
                raise Problem(EMAIL_TAKEN, _TAKEN) from error
        if joined is None:  # withdrawn, or used by somebody else, in between
            raise Problem(TOKEN_SPENT, _SPENT)
        return self._signing_in.signed_in(*joined, first.refresh_token)

    async def change_password(self, caller: Caller, account: Account, password: str, entry: AuditEntry) -> None:
        """Set the caller's new password; ends the account's other sessions. Raises a 422 problem."""
        password_hash = await self._hashed(password, account.name, account.email)
        async with self._database.pool() as pool:
            await UserRepository(pool).change_password(account.user_id, password_hash, caller.session_id, entry)

    async def reset_password(self, token: str, password: str, address: str, request_id: str) -> None:
        """Set a password by a one-time token; ends all sessions of the account. Raises a 410 or 422 problem."""
        hashes = self._keyring.hashes(hash_password_reset, token)
        async with self._database.pool() as pool:
            account = await PasswordResetRepository(pool).find(hashes)
        if account is None:
            raise Problem(TOKEN_SPENT, _SPENT)
        password_hash = await self._hashed(password, account.name, account.email)
        entry = AuditEntry(
            client_id=account.client_id,
            actor=f"user:{account.user_id}",
            action="user.password_reset",
            subject=f"user:{account.user_id}",
            request_id=request_id,
        )
        async with self._database.pool() as pool:
            if not await PasswordResetRepository(pool).use(hashes, password_hash, entry):
                raise Problem(TOKEN_SPENT, _SPENT)
        await self._lockout.reset(email_key(account.email), Origin(address))

    async def new_user(self, *, name: str, email: str, role: str, password: str) -> NewUser:
        """A user to be stored. Raises a 422 problem."""
        password_hash = await self._hashed(password, name, email)
        return NewUser(email=email, email_key=email_key(email), name=name, role=role, password_hash=password_hash)

    async def _hashed(self, password: str, name: str, email: str) -> str:
        why = await self._passwords.off_loop(lambda: self._rules.refusal(password, name=name, email=email))
        if why is not None:
            raise Problem(WEAK_PASSWORD, why)
        return await self._passwords.hash(password)


class _FirstSession:
    """Makes the session of a user who is being stored, when its number is known; keeps the refresh token."""

    def __init__(self, signing_in: SigningIn, address: str) -> None:
        self._signing_in = signing_in
        self._address = address
        self.refresh_token = ""  # none yet  # nosec B105

    def __call__(self, user: User) -> NewSession:
        opened, self.refresh_token = self._signing_in.new_session(user, self._address)
        return opened
