"""Signing in and out: a password for a session, a refresh token for the next one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from api.accounts.access_tokens import AccessTokens
from api.accounts.lockout import Lockout, address_hash
from api.accounts.passwords import Passwords
from api.auth import Caller
from api.database import Database
from api.keyring import Keyring
from api.keys import hash_refresh_token, new_refresh_token
from api.problems import NOT_AUTHENTICATED, Problem
from api.sessions import SESSION_S
from storage.user_sessions import NewSession, UserSessionRepository
from storage.users import Account, User, UserRepository

SESSION_TTL = timedelta(days=7)  # however often it is renewed; after it the password is asked for again
CONSOLE_TTL = timedelta(seconds=SESSION_S)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="riskstream"'}


def email_key(email: str) -> str:
    """The form in which an email address is unique."""
    return email.strip().lower()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user's tokens. The access token is sent with every request, the refresh token brings the next pair, once."""

    user_id: int
    client_id: int
    email: str
    name: str
    role: str
    access_token: str
    refresh_token: str


class SigningIn:
    """Every method may raise StoreUnavailable, and a problem where it says so."""

    def __init__(
        self, database: Database, keyring: Keyring, tokens: AccessTokens, passwords: Passwords, lockout: Lockout
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._tokens = tokens
        self._passwords = passwords
        self._lockout = lockout

    async def with_password(self, email: str, password: str, address: str) -> SignedIn:
        """Raises a 401 problem, the same for a wrong password and an unknown address; 429 and 503 as they come."""
        account, rehashed = await self._proved(email_key(email), password, address)
        opened, refresh_token = self.new_session(account, address)
        async with self._database.pool() as pool:
            await UserRepository(pool).signed_in(opened, rehashed)
        return self.signed_in(account, opened, refresh_token)

    async def console(self, email: str, password: str, address: str) -> NewSession:
        """The session of a browser, which keeps a cookie and no tokens. Raises as `with_password`."""
        account, rehashed = await self._proved(email_key(email), password, address)
        now = datetime.now(UTC)
        opened = NewSession(
            session_id=uuid4(),
            client_id=account.client_id,
            user_id=account.user_id,
            address_hash=address_hash(self._keyring.current, address),
            opened_at=now,
            expires_at=now + CONSOLE_TTL,
        )
        async with self._database.pool() as pool:
            await UserRepository(pool).signed_in(opened, rehashed)
        return opened

    async def renew(self, refresh_token: str) -> SignedIn:
        """Trade a refresh token for the next pair. Raises a 401 problem; a token that was used ends its session."""
        following = new_refresh_token()
        hashes = self._keyring.hashes(hash_refresh_token, refresh_token)
        next_hash = hash_refresh_token(self._keyring.current, following)
        async with self._database.pool() as pool:
            found = await UserSessionRepository(pool).renew(hashes, next_hash, datetime.now(UTC))
        if found is None:
            detail = "this refresh token is unknown, used or over; sign in again"
            raise Problem(NOT_AUTHENTICATED, detail, headers=_CHALLENGE)
        access_token = self._tokens.issue(found.user_id, found.session_id)
        return SignedIn(
            found.user_id, found.client_id, found.email, found.name, found.role, access_token, following
        )  # fmt: skip

    async def end(self, caller: Caller) -> None:
        """End the caller's session: its tokens and its cookie count no longer."""
        if caller.session_id is not None:
            async with self._database.pool() as pool:
                await UserSessionRepository(pool).end(caller.session_id)

    async def prove(self, caller: Caller, password: str, address: str) -> Account:
        """The caller's account, if this is its password. Raises a 401 or 429 problem."""
        async with self._database.pool() as pool:
            account = await UserRepository(pool).account(user_id=caller.user_id)
        proved, _ = await self._proved(email_key(account.email) if account else "", password, address)
        return proved

    def new_session(self, user: Account | User, address: str) -> tuple[NewSession, str]:
        """A session to be stored, and its first refresh token."""
        refresh_token, now = new_refresh_token(), datetime.now(UTC)
        opened = NewSession(
            session_id=uuid4(),
            client_id=user.client_id,
            user_id=user.user_id,
            address_hash=address_hash(self._keyring.current, address),
            opened_at=now,
            expires_at=now + SESSION_TTL,
            token_hash=hash_refresh_token(self._keyring.current, refresh_token),
        )
        return opened, refresh_token

    def signed_in(self, user: Account | User, opened: NewSession, refresh_token: str) -> SignedIn:
        access_token = self._tokens.issue(user.user_id, opened.session_id)
        return SignedIn(user.user_id, user.client_id, user.email, user.name, user.role, access_token, refresh_token)

    async def _proved(self, key: str, password: str, address: str) -> tuple[Account, str | None]:
        """Counted as a failure first, taken back after. An unknown account takes the same steps and the same time."""
        await self._lockout.attempt(key, address)
        async with self._database.pool() as pool:
            account = await UserRepository(pool).account(email_key=key)
        try:
            verdict = await self._passwords.verify(password, account.password_hash if account else None)
        except Problem:  # too many sign in at this moment: no guess was made
            await self._lockout.not_looked_at(key, address)
            raise
        if account is None or not verdict.right:
            raise Problem(NOT_AUTHENTICATED, "the email address or the password is wrong", headers=_CHALLENGE)
        await self._lockout.succeeded(key, address)
        return account, verdict.rehashed
