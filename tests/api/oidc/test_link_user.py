"""`riskstream link-user`, and what it refuses."""

import pytest
import typer
from typer.testing import CliRunner

from api.oidc import commands
from api.oidc.commands import _link
from contracts.errors import SettingsError
from settings import Settings, load_settings
from tests.api.oidc.conftest import Bank

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_user_that_is_not_there_is_not_linked(bank: Bank) -> None:
    settings = bank.gateway.parts.settings
    with pytest.raises(typer.BadParameter, match="client 1 has no active user with the address"):
        await _link(settings, "nobody@bank.example", "subject", 1)
    for subject in ("", "a\nb", "x" * 256):
        with pytest.raises(typer.BadParameter, match="no name of the provider"):
            await _link(settings, "nobody@bank.example", subject, 1)
    assert await bank.pool.fetchval("SELECT count(*) FROM user_identities WHERE subject = 'subject'") == 0


async def test_without_a_provider_there_is_nothing_to_link_to(database_url: str) -> None:
    with pytest.raises(SettingsError, match="OIDC_ISSUER is not set"):
        await _link(Settings(_env_file=None, database_url=database_url), "a@bank.example", "subject", 1)


async def test_the_command_needs_a_subject() -> None:
    load_settings.cache_clear()
    app = typer.Typer()
    app.callback()(lambda: None)
    commands.register(app)
    result = CliRunner().invoke(app, ["link-user", "a@bank.example"])
    assert result.exit_code == 2
    load_settings.cache_clear()
