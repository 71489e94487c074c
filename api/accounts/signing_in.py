"""Signing in and out: a password for a session, a refresh token for the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from msgspec.structs import replace

from api.accounts.access_tokens import AccessTokens
from api.accounts.devices import Origin
from api.accounts.factor_checks import Given
from api.accounts.lockout import Lockout, address_hash
from api.accounts.passwords import Passwords
from api.accounts.second_step import Purpose, SecondStep
from api.auth import Caller
from api.database import Database
from api.keyring import Keyring
from api.keys import hash_refresh_token, new_refresh_token
from api.problems import NOT_AUTHENTICATED, Problem
from api.sessions import SESSION_S
from storage.console_sessions import ConsoleSessionRepository
from storage.user_sessions import NewSession, UserSessionRepository
from storage.users import Account, User, UserRepository

SESSION_TTL = timedelta(days=7)  # however often it is renewed; after it the password is asked for again
CONSOLE_TTL = timedelta(seconds=SESSION_S)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="riskstream"'}


def email_key(email: str) -> str:
    """Return the form in which an email address is unique within a client."""
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
        self,
        database: Database,
        keyring: Keyring,
        tokens: AccessTokens,
        passwords: Passwords,
        lockout: Lockout,
        second_step: SecondStep,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._tokens = tokens
        self._passwords = passwords
        self._lockout = lockout
        self._second_step = second_step

    async def with_password(self, email: str, password: str, origin: Origin, client_id: int | None = None) -> SignedIn:
        """Raises a 401 problem, the same for a wrong password and an unknown address; 429 and 503 as they come.

        For a right password, too, where the account has a second factor: with a challenge, for `with_factor`.
        """
        account, rehashed = await self._first_step(email, password, origin, client_id, "tokens")
        opened, refresh_token = self.new_session(account, origin.address)
        async with self._database.pool() as pool:
            await UserRepository(pool).signed_in(opened, rehashed)
        return self.signed_in(account, opened, refresh_token)

    async def console(self, email: str, password: str, origin: Origin, client_id: int | None = None) -> NewSession:
        """The session of a browser, which keeps a cookie and no tokens. Raises as `with_password`."""
        account, rehashed = await self._first_step(email, password, origin, client_id, "console")
        opened = self.console_session(account, origin.address)
        async with self._database.pool() as pool:
            await UserRepository(pool).signed_in(opened, rehashed)
        return opened

    async def with_factor(self, challenge: str, given: Given, address: str, request_id: str) -> SignedIn:
        """Finish what `with_password` began. Raises a 401, 410 or 429 problem."""
        account = await self._second_step.account_of(challenge, "tokens")
        opened, refresh_token = self.new_session(account, address)
        opened = replace(opened, second_factor=True)
        await self._second_step.finish(challenge, "tokens", given, account, opened, request_id)
        return self.signed_in(account, opened, refresh_token)

    async def console_with_factor(
        self, challenge: str, given: Given, address: str, request_id: str
    ) -> tuple[NewSession, str]:
        """Finish what `console` began: the session, and the email address of its user. Raises as `with_factor`."""
        account = await self._second_step.account_of(challenge, "console")
        opened = replace(self.console_session(account, address), second_factor=True)
        await self._second_step.finish(challenge, "console", given, account, opened, request_id)
        return opened, account.email

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
        """End the caller's session: its tokens, its cookie and its feeds count no longer, in every gateway."""
        if caller.session_id is not None:
            async with self._database.pool() as pool:
                await UserSessionRepository(pool).end(caller.session_id)
        elif caller.console_id is not None and caller.expires_at_s is not None:
            ends = datetime.fromtimestamp(caller.expires_at_s, UTC)
            async with self._database.pool() as pool:
                await ConsoleSessionRepository(pool).end(caller.console_id, ends)

    async def prove(self, caller: Caller, password: str, origin: Origin) -> Account:
        """The caller's account, if this is its password. Raises a 401 or 429 problem."""
        async with self._database.pool() as pool:
            account = await UserRepository(pool).account(caller.user_id) if caller.user_id is not None else None
        key = email_key(account.email) if account else ""
        proved, _ = await self._proved(key, password, origin, [account] if account else [])
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

    def console_session(self, user: Account | User, address: str) -> NewSession:
        """A browser's session to be stored."""
        now = datetime.now(UTC)
        return NewSession(
            session_id=uuid4(),
            client_id=user.client_id,
            user_id=user.user_id,
            address_hash=address_hash(self._keyring.current, address),
            opened_at=now,
            expires_at=now + CONSOLE_TTL,
        )

    def signed_in(self, user: Account | User, opened: NewSession, refresh_token: str) -> SignedIn:
        access_token = self._tokens.issue(user.user_id, opened.session_id)
        return SignedIn(user.user_id, user.client_id, user.email, user.name, user.role, access_token, refresh_token)

    async def _first_step(
        self, email: str, password: str, origin: Origin, client_id: int | None, purpose: Purpose
    ) -> tuple[Account, str | None]:
        """As `_proved`; raises a 401 problem with a challenge where a second factor is enrolled."""
        account, rehashed = await self._proved_by_email(email, password, origin, client_id)
        try:
            await self._second_step.demand(account, purpose)
        except Problem:
            if rehashed is not None:
                async with self._database.pool() as pool:
                    await UserRepository(pool).rehash(account, rehashed)
            raise
        return account, rehashed

    async def _proved_by_email(
        self, email: str, password: str, origin: Origin, client_id: int | None
    ) -> tuple[Account, str | None]:
        key = email_key(email)
        async with self._database.pool() as pool:
            accounts = await UserRepository(pool).accounts(key, client_id)
        return await self._proved(key, password, origin, accounts)

    async def _proved(
        self, key: str, password: str, origin: Origin, accounts: Sequence[Account]
    ) -> tuple[Account, str | None]:
        """Return the account that has this password, and its hash anew if it was an old one.

        Counted as a failure first, taken back after. An unknown address takes the same steps and the same time. A
        device is known for an address, not for one of its accounts: with several of them it counts for nothing.
        """
        async with self._database.pool() as pool:
            only_account = len(await UserRepository(pool).accounts(key)) <= 1
        if not only_account:
            origin = Origin(origin.address)
        await self._lockout.attempt(key, origin)
        try:
            for account in accounts or (None,):
                verdict = await self._passwords.verify(password, account.password_hash if account else None)
                if account is not None and verdict.right:
                    await self._lockout.succeeded(key, origin, only_account=only_account)
                    return account, verdict.rehashed
        except Problem:  # too many sign in at this moment: no guess was made
            await self._lockout.undo(key, origin)
            raise
        raise Problem(NOT_AUTHENTICATED, "the email address or the password is wrong", headers=_CHALLENGE)
