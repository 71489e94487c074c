"""`riskstream create-user` and `reset-password`: what an operator does on the server, without email."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer
from pydantic import TypeAdapter, ValidationError

from api.accounts.password_rules import refusal
from api.accounts.passwords import Passwords
from api.accounts.schemas import Email, Name
from api.accounts.signing_in import email_key
from api.keys import hash_password_reset, new_token
from contracts.errors import SettingsError
from contracts.transaction import DEMO_CLIENT_ID
from settings import Settings, load_settings
from storage.audit import AuditEntry
from storage.database import connect
from storage.password_resets import PasswordResetRepository
from storage.roles import IDENTITY
from storage.users import EmailTaken, NewUser, UserRepository

RESET_TTL = timedelta(hours=1)  # the operator hands the token over while the user waits for it
OPERATOR = "operator"  # in the audit log: whoever may run commands on the server


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("create-user")(create_user)
    app.command("reset-password")(reset_password)


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


def reset_password(email: Annotated[str, typer.Argument(help="The address of the user.")]) -> None:
    """Print a one-time token with which a user sets a new password within the hour."""
    settings = load_settings()
    token = asyncio.run(_reset_token(settings, email))
    url = os.environ.get("API_URL") or f"http://{settings.api_host}:{settings.api_port}"
    body = f'{{"token": "{token}", "new_password": "…"}}'
    typer.echo("Within the hour, once:\n")
    typer.echo(f"  curl -X POST {url}/auth/password/reset -H 'Content-Type: application/json' \\\n    -d '{body}'")


async def _create_user(settings: Settings, email: str, name: str, role: str, client_id: int, password: str) -> int:
    try:
        email, name = TypeAdapter(Email).validate_python(email), TypeAdapter(Name).validate_python(name)
    except ValidationError as error:
        raise typer.BadParameter("that is no email address, or no name") from error
    if (why := refusal(password, name=name, email=email)) is not None:
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


async def _reset_token(settings: Settings, email: str) -> str:
    secret = settings.secret_key.get_secret_value()
    if not secret:
        raise SettingsError("SECRET_KEY is not set; start the stack first (`riskstream up`), or set it")
    token = new_token()
    async with await connect(settings.postgres_dsn, size_max=1, role=IDENTITY) as pool:
        account = await UserRepository(pool).account(email_key=email_key(email))
        if account is None:
            raise typer.BadParameter(f"no active user has the address {email}")
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
