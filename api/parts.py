"""What the gateway is made of, and how it starts and stops. Nothing here needs a store to be there at the start."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends
from redis.asyncio import Redis
from starlette.requests import HTTPConnection

from api.accounts.access_tokens import AccessTokens
from api.accounts.parts import AccountParts, build_accounts
from api.accounts.passwords import Passwords
from api.auth import Authenticator
from api.card_model import CardModel
from api.database import Database
from api.feed.hints import Hints
from api.feed.hub import Hub
from api.feed.limits import FeedLimits
from api.feed.standing import Standing
from api.feed.tickets import Tickets
from api.health import DEADLINE_S as HEALTH_DEADLINE_S
from api.health import Check, HealthChecks
from api.identities import RememberedIdentities, StoredIdentities
from api.keyring import Keyring
from api.scoring.explainer import Explainer
from api.scoring.holder import Scoring
from api.sessions import Sessions
from api.uploads.intake import Intake
from contracts.decision import Alert
from contracts.errors import SettingsError
from features.redis_store.protocol import PROBE_TTL_S
from pipeline.served_model import ServedModel
from settings import Settings
from storage.alerts import AlertRepository
from storage.database import AnyPool, connect
from storage.roles import GATEWAY, IDENTITY

POOL_SIZE_MAX = 8  # connections of one gateway process
IDENTITY_POOL_SIZE_MAX = 4  # more of it: finding a key takes half a millisecond
SIGN_IN_POOL_SIZE_MAX = 2  # more of it: attempts queue here, one behind the other's lock, and not before scoring


log = structlog.get_logger()


@dataclass(frozen=True)
class Parts:
    """One gateway process. `origins`: pages other than our own that may use the browser's cookie.

    `database` works in the gateway's role (`database.client(client_id)` for a client's rows), `identity` finds out who
    is calling and sees no payment. `scoring_authenticator` remembers for a second whom it knows.
    """

    settings: Settings
    origins: frozenset[str]
    database: Database
    identity: Database
    redis: Redis
    keyring: Keyring
    sessions: Sessions
    tokens: AccessTokens
    authenticator: Authenticator
    scoring_authenticator: Authenticator
    identities: StoredIdentities
    accounts: AccountParts
    tickets: Tickets
    hub: Hub
    hints: Hints
    standing: Standing
    model: ServedModel
    card_model: CardModel
    scoring: Scoring
    explainer: Explainer
    health: HealthChecks
    uploads: Intake

    async def last_sequence(self, client_id: int) -> int:
        """The client's newest alert's number, 0 before the first. Raises StoreUnavailable."""
        async with self.database.client(client_id) as pool:
            return await AlertRepository(pool).last_sequence(client_id)

    async def alerts_since(self, client_id: int, sequence: int, limit: int) -> list[Alert]:
        """Stored alerts behind `sequence`, ascending. Raises StoreUnavailable."""
        return await self.hub.alerts_since(client_id, sequence, limit)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the background work, and close everything at the end."""
        work = (
            self.hints.run(), self.hub.keep_filled(), self.standing.run(), self.model.watch(_note), self.accounts.run(),
            self.scoring.run(),
        )  # fmt: skip
        tasks = [asyncio.create_task(each) for each in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.redis.aclose()
            await self.database.close()
            await self.identity.close()


def build(settings: Settings, limits: FeedLimits | None = None, passwords: Passwords | None = None) -> Parts:
    """Build the parts; connects to nothing. Raises SettingsError."""
    secret_key = settings.secret_key.get_secret_value()
    if not secret_key:
        raise SettingsError("SECRET_KEY is not set; `riskstream up` makes one, or set 32 or more random characters")
    database = Database(lambda: _connect(settings, GATEWAY, POOL_SIZE_MAX))
    identity = Database(lambda: _connect(settings, IDENTITY, IDENTITY_POOL_SIZE_MAX))
    sign_ins = Database(lambda: _connect(settings, IDENTITY, SIGN_IN_POOL_SIZE_MAX))

    async def alerts_since(client_id: int, sequence: int, limit: int) -> list[Alert]:
        async with database.client(client_id) as pool:
            return await AlertRepository(pool).since(client_id, sequence, limit)

    keyring = Keyring(secret_key, settings.secret_key_previous.get_secret_value())
    sessions = Sessions(keyring)
    tokens = AccessTokens(keyring)
    identities = StoredIdentities(identity)
    accounts = build_accounts(settings, identity, sign_ins, keyring, tokens, passwords)
    authenticator = Authenticator(keyring, sessions, tokens, identities, accounts.unknown_keys)
    redis = Redis.from_url(settings.redis_url, socket_timeout=HEALTH_DEADLINE_S, max_connections=4)
    model = ServedModel(settings.model_path)
    limits = limits or FeedLimits()
    hub = Hub(alerts_since, limits)
    hints = Hints(settings, hub.hint)
    scoring = Scoring(settings, model, lambda stored: hub.hint(stored.alerts))

    async def state_is_usable() -> None:
        # A replica, and a Redis whose memory is full, answer a ping.
        await redis.set(f"{settings.redis_key_prefix}:probe", b"", ex=PROBE_TTL_S)
        scoring.check_state()

    checks: dict[str, Check] = {"database": database.ping, "redis": state_is_usable, "kafka": hints.ping}
    return Parts(
        settings=settings,
        origins=frozenset(origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()),
        database=database,
        identity=identity,
        redis=redis,
        keyring=keyring,
        sessions=sessions,
        tokens=tokens,
        authenticator=authenticator,
        scoring_authenticator=authenticator.asking(RememberedIdentities(identities)),
        identities=identities,
        accounts=accounts,
        tickets=Tickets(secret_key, identity, authenticator),
        hub=hub,
        hints=hints,
        standing=Standing(authenticator, identities, limits.recheck_s),
        model=model,
        card_model=CardModel(settings.model_path),
        scoring=scoring,
        explainer=Explainer(model),
        health=HealthChecks(checks),
        uploads=Intake(settings),
    )


def _note(event: str, what: str) -> None:
    (log.info if event == "model_loaded" else log.warning)(event, what=what)


async def _connect(settings: Settings, role: str, size_max: int) -> AnyPool:
    # A session of the gateway's role names its client, and has to be reset; finding out who calls leaves nothing.
    keeps = role == IDENTITY
    name = "riskstream-gateway"
    return await connect(
        settings.postgres_dsn, size_max=size_max, application_name=name, role=role, keeps_session=keeps
    )


async def parts_of(connection: HTTPConnection) -> Parts:
    parts: Parts = connection.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(parts_of)]
