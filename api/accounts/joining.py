"""Becoming a user: by registering a client, or by an invitation to one; and setting a password anew."""

from api.accounts.lockout import Lockout
from api.accounts.password_rules import refusal
from api.accounts.passwords import Passwords
from api.accounts.signing_in import SignedIn, SigningIn, email_key
from api.auth import Caller
from api.database import Database
from api.keyring import Keyring
from api.keys import hash_invitation, hash_password_reset
from api.problems import EMAIL_TAKEN, TOKEN_SPENT, WEAK_PASSWORD, Problem
from storage.audit import AuditEntry
from storage.invitations import InvitationRepository
from storage.password_resets import PasswordResetRepository
from storage.user_sessions import NewSession
from storage.users import Account, EmailTaken, NewUser, User, UserRepository

_TAKEN = "this email address has an account already; sign in, or use another"
_SPENT = "this token is unknown, used or over; ask for another"


class Joining:
    """Every method may raise StoreUnavailable, a 503 problem while too many sign in, and what it names."""

    def __init__(
        self, database: Database, keyring: Keyring, passwords: Passwords, lockout: Lockout, signing_in: SigningIn
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._passwords = passwords
        self._lockout = lockout
        self._signing_in = signing_in

    async def register(
        self, *, name: str, email: str, password: str, tier: str, address: str, request_id: str
    ) -> SignedIn:
        """A new client with its first administrator. Raises a 409 or 422 problem."""
        user = await self.new_user(name=name, email=email, role="admin", password=password)
        first = _FirstSession(self._signing_in, address)
        async with self._database.pool() as pool:
            try:
                stored, opened = await UserRepository(pool).register(user, tier, first, request_id)
            except EmailTaken as error:
                raise Problem(EMAIL_TAKEN, _TAKEN) from error
        return self._signing_in.signed_in(stored, opened, first.refresh_token)

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
        await self._lockout.reset(email_key(account.email), address)

    async def new_user(self, *, name: str, email: str, role: str, password: str) -> NewUser:
        """A user to be stored. Raises a 422 problem."""
        password_hash = await self._hashed(password, name, email)
        return NewUser(email=email, email_key=email_key(email), name=name, role=role, password_hash=password_hash)

    async def _hashed(self, password: str, name: str, email: str) -> str:
        why = await self._passwords.off_loop(lambda: refusal(password, name=name, email=email))
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
