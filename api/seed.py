"""The demo client: its API key and one-time sign-in links, for `riskstream seed` and `sign-in`."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from api.keys import SCOPES_ALL, hash_key, hash_sign_in_token, new_key, new_token
from contracts.errors import SettingsError
from contracts.transaction import DEMO_CLIENT_ID
from settings import Settings
from storage.api_keys import ApiKeyRepository
from storage.backdate import is_empty
from storage.clients import ClientRepository
from storage.database import connect
from storage.logins import connected_as_owner
from storage.roles import IDENTITY
from storage.sign_in_links import SignInLinkRepository

LINK_TTL = timedelta(hours=12)  # a demo's first link may be opened after lunch; it works once


class Seeded(NamedTuple):
    """What a newcomer needs."""

    api_key: str
    sign_in_token: str
    is_empty: bool  # nothing was ever decided here

    def as_json(self) -> str:
        return json.dumps(
            {
                "RISKSTREAM_API_KEY": self.api_key,
                "SIGN_IN_TOKEN": self.sign_in_token,
                "IS_EMPTY": "yes" if self.is_empty else "no",
            }
        )


def seed_demo(settings: Settings) -> Seeded:
    """Demo client, its API key (RISKSTREAM_API_KEY, else a new one) and a sign-in token. Raises StoreUnavailable."""
    return asyncio.run(_seed_demo(settings))


def sign_in_link(settings: Settings) -> str:
    """A fresh one-time link to the console. Raises StoreUnavailable."""
    return asyncio.run(_sign_in_link(settings))


async def _seed_demo(settings: Settings) -> Seeded:
    secret = _secret(settings)
    key = os.environ.get("RISKSTREAM_API_KEY") or new_key()[0]
    async with await connect(settings.postgres_dsn, size_max=1, role=IDENTITY) as pool:
        await ClientRepository(pool).ensure_demo()
        keys = ApiKeyRepository(pool)
        if await keys.find(hash_key(secret, key)) is None:
            await keys.create(DEMO_CLIENT_ID, "demo", hash_key(secret, key), key[:12], SCOPES_ALL)
        token = new_token()
        expires_at = datetime.now(UTC) + LINK_TTL
        await SignInLinkRepository(pool).create(hash_sign_in_token(secret, token), DEMO_CLIENT_ID, expires_at)
    async with connected_as_owner(settings.owner_dsn) as owner:
        return Seeded(key, token, await is_empty(owner))


async def _sign_in_link(settings: Settings) -> str:
    token = new_token()
    async with await connect(settings.postgres_dsn, size_max=1, role=IDENTITY) as pool:
        await SignInLinkRepository(pool).create(
            hash_sign_in_token(_secret(settings), token), DEMO_CLIENT_ID, datetime.now(UTC) + LINK_TTL
        )
    url = os.environ.get("API_URL") or f"http://{settings.api_host}:{settings.api_port}"
    return f"{url}/sign-in?token={token}"


def _secret(settings: Settings) -> str:
    secret = settings.secret_key.get_secret_value()
    if not secret:
        raise SettingsError("SECRET_KEY is not set; start the stack first (`riskstream up`), or set it")
    return secret
