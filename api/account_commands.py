"""What an operator does about accounts on the server: users, lost passwords, clients and their tiers."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer
from pydantic import TypeAdapter, ValidationError

from api.accounts.password_rules import PasswordRules
from api.accounts.passwords import Passwords
from api.accounts.schemas import Email, Name
from api.accounts.signing_in import email_key
from api.accounts.tiers import FREE_TIER, TierName
from api.keys import hash_client_invitation, hash_password_reset, new_token
from contracts.errors import SettingsError
from contracts.transaction import DEMO_CLIENT_ID
from settings import Settings, load_settings
from storage.audit import AuditEntry
from storage.client_invitations import ClientInvitationRepository
from storage.database import AnyPool, connect
from storage.password_resets import PasswordResetRepository
from storage.roles import IDENTITY
from storage.second_factors import SecondFactorRepository
from storage.subscriptions import SubscriptionRepository
from storage.users import Account, EmailTaken, NewUser, UserRepository

RESET_TTL = timedelta(hours=1)  # the operator hands the token over while the user waits for it
OPERATOR = "operator"  # in the audit log: whoever may run commands on the server


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("create-user")(create_user)
    app.command("reset-password")(reset_password)
    app.command("reset-second-factor")(reset_second_factor)
    app.command("invite-client")(invite_client)
    app.command("set-tier")(set_tier)


def create_user(
    email: Annotated[str, typer.Argument(help="The address to sign in with.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for.")],
    name: Annotated[str, typer.Option(help="Shown to colleagues; the address, if not given.")] = "",
    role: Annotated[Literal["admin", "analyst", "viewer"], typer.Option(help="What the user may do.")] = "admin",
    client_id: Annotated[int, typer.Option(help="Whose user; 1 is the demo's client.")] = DEMO_CLIENT_ID,
) -> None:
    """Make a user of a client."""
    user_id = asyncio.run(_create_user(load_settings(), email.strip(), name or email, role, client_id, password))
    typer.echo(f"{email} is user {user_id} of client {client_id}, {role}.")


def reset_password(
    email: Annotated[str, typer.Argument(help="The address of the user.")],
    client_id: Annotated[int | None, typer.Option(help="Whose user, where several clients have one.")] = None,
) -> None:
    """Print a one-time token with which a user sets a new password within the hour."""
    settings = load_settings()
    token = asyncio.run(_reset_token(settings, email, client_id))
    url = _url(settings)
    body = f'{{"token": "{token}", "new_password": "…"}}'
    typer.echo("Within the hour, once:\n")
    typer.echo(f"  curl -X POST {url}/auth/password/reset -H 'Content-Type: application/json' \\\n    -d '{body}'")


def reset_second_factor(
    email: Annotated[str, typer.Argument(help="The address of the user.")],
    client_id: Annotated[int | None, typer.Option(help="Whose user, if several clients have one.")] = None,
) -> None:
    """Remove all second factors and recovery codes of a user who lost them; every session ends."""
    asyncio.run(_reset_second_factor(load_settings(), email, client_id))
    typer.echo(f"{email} signs in with the password alone until a second factor is enrolled. All sessions have ended.")


def invite_client(
    email: Annotated[str, typer.Argument(help="The address of the client's first administrator.")],
    tier: Annotated[TierName, typer.Option(help="What the client may use.")] = FREE_TIER,
    days: Annotated[int, typer.Option(min=1, max=90, help="For which the invitation is valid.")] = 7,
) -> None:
    """Print a one-time token with which somebody registers a client of their own (REGISTRATION=invite or open)."""
    settings = load_settings()
    token = asyncio.run(_client_invitation(settings, email.strip(), tier, timedelta(days=days)))
    body = f'{{"name": "…", "email": "{email}", "password": "…", "invitation": "{token}"}}'
    typer.echo(f"Within {days} days, once:\n")
    typer.echo(f"  curl -X POST {_url(settings)}/auth/register -H 'Content-Type: application/json' \\\n    -d '{body}'")
    if settings.registration_mode == "closed":
        typer.echo("\nRegistration is closed: set REGISTRATION=invite for it to be accepted.", err=True)


def set_tier(
    client_id: Annotated[int, typer.Argument(help="The client's number.")],
    tier: Annotated[TierName, typer.Argument(help="What it may use.")],
) -> None:
    """Grant a client a tier. It counts from the client's next request on."""
    asyncio.run(_set_tier(load_settings(), client_id, tier))
    typer.echo(f"Client {client_id} has the tier {tier}.")


def _url(settings: Settings) -> str:
    return os.environ.get("API_URL") or f"http://{settings.api_host}:{settings.api_port}"


async def _client_invitation(settings: Settings, email: str, tier: str, valid: timedelta) -> str:
    try:
        email = TypeAdapter(Email).validate_python(email)
    except ValidationError as error:
        raise typer.BadParameter("that is no email address") from error
    token = new_token()
    token_hash = hash_client_invitation(_secret(settings), token)
    async with await connect(settings.postgres_dsn, size_max=1, role=IDENTITY) as pool:
        expires_at = datetime.now(UTC) + valid
        await ClientInvitationRepository(pool).add(token_hash, email, email_key(email), tier, expires_at)
    return token


async def _set_tier(settings: Settings, client_id: int, tier: str) -> None:
    entry = AuditEntry(
        client_id=client_id,
        actor=OPERATOR,
        action="subscription.changed",
        subject=f"client:{client_id}",
        detail={"tier": tier},
    )
    async with await connect(settings.postgres_dsn, size_max=1, role=IDENTITY) as pool:
        try:
            await SubscriptionRepository(pool).change(tier, entry)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error


def _secret(settings: Settings) -> str:
    secret = settings.secret_key.get_secret_value()
    if not secret:
        raise SettingsError("SECRET_KEY is not set; start the stack first (`riskstream up`), or set it")
    return secret


async def _create_user(settings: Settings, email: str, name: str, role: str, client_id: int, password: str) -> int:
    try:
        email, name = TypeAdapter(Email).validate_python(email), TypeAdapter(Name).validate_python(name)
    except ValidationError as error:
        raise typer.BadParameter("that is no email address, or no name") from error
    if (why := PasswordRules(settings.app_name).refusal(password, name=name, email=email)) is not None:
        raise typer.BadParameter(why)
    passwords = Passwords()
    user = NewUser(
        email=email, email_key=email_key(email), name=name, role=role, password_hash=await passwords.hash(password)
    )
    passwords.close()
    entry = AuditEntry(client_id=client_id, actor=OPERATOR, action="user.created", subject="", detail={"role": role})
    async with await connect(settings.postgres_dsn, size_max=1, role=IDENTITY) as pool:
        try:
            return (await UserRepository(pool).create(client_id, user, entry)).user_id
        except EmailTaken as error:
            raise typer.BadParameter(f"{email} has an account already; see riskstream reset-password") from error
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error


async def _reset_second_factor(settings: Settings, email: str, client_id: int | None) -> None:
    async with await connect(settings.postgres_dsn, size_max=1, role=IDENTITY) as pool:
        account = await _account(pool, email, client_id)
        entry = AuditEntry(
            client_id=account.client_id,
            actor=OPERATOR,
            action="user.second_factor_reset",
            subject=f"user:{account.user_id}",
        )
        await SecondFactorRepository(pool).reset(account.user_id, entry)


async def _reset_token(settings: Settings, email: str, client_id: int | None) -> str:
    secret, token = _secret(settings), new_token()
    async with await connect(settings.postgres_dsn, size_max=1, role=IDENTITY) as pool:
        account = await _account(pool, email, client_id)
        entry = AuditEntry(
            client_id=account.client_id,
            actor=OPERATOR,
            action="user.password_reset_offered",
            subject=f"user:{account.user_id}",
        )
        await PasswordResetRepository(pool).add(
            account, hash_password_reset(secret, token), datetime.now(UTC) + RESET_TTL, entry
        )
    return token


async def _account(pool: AnyPool, email: str, client_id: int | None) -> Account:
    """The one account that is meant."""
    accounts = await UserRepository(pool).accounts(email_key(email), client_id)
    if not accounts:
        raise typer.BadParameter(f"no active user with a password has the address {email}")
    if len(accounts) > 1:
        clients = ", ".join(str(each.client_id) for each in accounts)
        raise typer.BadParameter(f"{email} is a user of the clients {clients}: choose one with --client-id")
    return accounts[0]
