"""A client's API keys, for its administrators. A key is shown once, and stored as its HMAC only."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from api.accounts.schemas import KeyIn, KeyOut, KeyPage, NewKeyOut, RotateIn
from api.accounts.trail import entry_of
from api.auth import Administrator, Caller
from api.cursors import encode_cursor
from api.json_bodies import JsonRoute
from api.keys import SCOPES_ALL, hash_key, new_key
from api.listing import listed
from api.openapi import errors
from api.parts import PartsOf
from api.problems import FORBIDDEN, NOT_FOUND, TOO_MANY_KEPT, Problem
from api.routes.users import LIMIT_DEFAULT, Cursor, Limit, Number, after
from storage.api_keys import KEYS_MAX, ApiKey, ApiKeyRepository, NewApiKey

router = APIRouter(prefix="/v1/api-keys", tags=["api-keys"], route_class=JsonRoute)
_NO_SUCH_KEY = "you have no valid API key with this number"


@router.post("", status_code=201, summary="Make an API key", responses=errors(409))
async def create_api_key(request: Request, caller: Administrator, parts: PartsOf, body: KeyIn) -> NewKeyOut:
    """A key with a name and scopes, none that these credentials lack. Its secret is shown this once."""
    scopes = [scope for scope in SCOPES_ALL if scope in body.scopes]
    _may_give(caller, scopes)
    key, prefix = new_key()
    expires_at = None if body.expires_in_days is None else datetime.now(UTC) + timedelta(days=body.expires_in_days)
    new = NewApiKey(
        client_id=caller.client_id,
        name=body.name,
        key_hash=hash_key(parts.keyring.current, key),
        prefix=prefix,
        scopes=scopes,
        expires_at=expires_at,
        created_by=caller.actor,
    )
    async with parts.database.client(caller.client_id) as pool:
        entry = entry_of(request, caller, "key.created", name=body.name, scopes=scopes)
        stored = await ApiKeyRepository(pool).issue(new, entry)
    if stored is None:
        raise Problem(TOO_MANY_KEPT, f"there are {KEYS_MAX} valid API keys; revoke some")
    return _shown(stored, key)


@router.get("", summary="API keys, oldest first")
async def list_api_keys(
    caller: Administrator, parts: PartsOf, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> KeyPage:
    """All keys of the client, revoked and expired ones included; never their secrets."""
    async with parts.database.client(caller.client_id) as pool:
        keys = await ApiKeyRepository(pool).of_client(caller.client_id, after_id=after(cursor), limit=limit + 1)
    page = keys[:limit]
    return KeyPage(
        **listed(page, KeyOut.model_validate, "api_key_id"),
        next_cursor=encode_cursor(page[-1].api_key_id) if len(keys) > limit else None,
    )


@router.post("/{api_key_id}/rotate", status_code=201, summary="Replace an API key", responses=errors(404))
async def rotate_api_key(
    request: Request,
    caller: Administrator,
    parts: PartsOf,
    api_key_id: Number,
    body: Annotated[RotateIn, Body(default_factory=RotateIn)],
) -> NewKeyOut:
    """A new key with the same name, scopes and lifetime. The old one ends after `overlap_s`, a day if not said."""
    key, prefix = new_key()
    async with parts.database.client(caller.client_id) as pool:
        keys = ApiKeyRepository(pool)
        old = await keys.by_id(api_key_id)
        if old is None:
            raise Problem(NOT_FOUND, _NO_SUCH_KEY)
        _may_give(caller, old.scopes)
        now = datetime.now(UTC)
        new = NewApiKey(
            client_id=caller.client_id,
            name=old.name,
            key_hash=hash_key(parts.keyring.current, key),
            prefix=prefix,
            scopes=old.scopes,
            expires_at=None if old.expires_at is None else now + (old.expires_at - old.created_at),
            created_by=caller.actor,
        )
        entry = entry_of(request, caller, "key.rotated", f"key:{api_key_id}", overlap_s=body.overlap_s)
        stored = await keys.rotate(api_key_id, new, now + timedelta(seconds=body.overlap_s), entry)
    if stored is None:
        raise Problem(NOT_FOUND, _NO_SUCH_KEY)
    return _shown(stored, key)


@router.delete("/{api_key_id}", status_code=204, summary="Revoke an API key", responses=errors(404))
async def revoke_api_key(request: Request, caller: Administrator, parts: PartsOf, api_key_id: Number) -> Response:
    """The key counts no longer, in every gateway, and feeds opened with it close within seconds."""
    entry = entry_of(request, caller, "key.revoked", f"key:{api_key_id}")
    async with parts.database.client(caller.client_id) as pool:
        if not await ApiKeyRepository(pool).revoke(api_key_id, entry):
            raise Problem(NOT_FOUND, _NO_SUCH_KEY)
    return Response(status_code=204)


def _may_give(caller: Caller, scopes: Sequence[str]) -> None:
    """Nobody gives away more than they have."""
    if not caller.scopes >= set(scopes):
        raise Problem(FORBIDDEN, "a key cannot get scopes that these credentials lack")


def _shown(stored: ApiKey, key: str) -> NewKeyOut:
    return NewKeyOut(**KeyOut.model_validate(stored).model_dump(), key=key)
