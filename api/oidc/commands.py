"""What an operator does on the server about users of the identity provider."""

import asyncio
from typing import Annotated

import typer

from api.accounts.signing_in import email_key
from contracts.errors import SettingsError
from contracts.transaction import DEMO_CLIENT_ID
from settings import Settings, load_settings
from storage.database import connect
from storage.roles import IDENTITY
from storage.user_identities import UserIdentityRepository

OPERATOR = "operator"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("link-user")(link_user)


def link_user(
    email: Annotated[str, typer.Argument(help="The address of a user that exists.")],
    subject: Annotated[str, typer.Option(help="Who it is at the provider: the name that its sign-in page shows.")],
    client_id: Annotated[int, typer.Option(help="Whose user.")] = DEMO_CLIENT_ID,
) -> None:
    """Give a user to an identity of the provider (OIDC_ISSUER). The password ends, and every session."""
    user_id = asyncio.run(_link(load_settings(), email, subject.strip(), client_id))
    typer.echo(f"User {user_id} of client {client_id} signs in as {subject.strip()} now.")


async def _link(settings: Settings, email: str, subject: str, client_id: int) -> int:
    if not settings.oidc_issuer:
        raise SettingsError("OIDC_ISSUER is not set: there is no provider to link a user to")
    if not 0 < len(subject) <= 255 or not subject.isprintable():
        raise typer.BadParameter("that is no name of the provider")
    async with await connect(settings.postgres_dsn, size_max=1, role=IDENTITY) as pool:
        user = await UserIdentityRepository(pool).link(
            settings.oidc_issuer, subject, client_id, email_key(email), OPERATOR
        )
    if user is None:
        raise typer.BadParameter(f"client {client_id} has no active user with the address {email}")
    return user.user_id
