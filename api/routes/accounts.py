"""What is stored about one account: handed out, or erased."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.auth import Administrator
from api.erasing import UploadInUse, erase_account
from api.openapi import errors
from api.parts import PartsOf
from api.problems import CONFLICT, NOT_FOUND, Problem, request_id_of
from contracts.transaction import has_control_character
from storage import erasure
from storage.database import session

Account = Annotated[str, Path(min_length=1, max_length=128, description="As transactions name it")]

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])


class ExportOut(BaseModel):
    """Everything that is stored about one account, by table. `truncated` names tables that hold more rows."""

    account: str
    tables: dict[str, list[Any]]
    truncated: list[str]


class ErasedOut(BaseModel):
    """What was erased, by kind. The topics' records go with the next `riskstream retain`."""

    erasure_id: UUID
    pseudonym: Annotated[str, Field(description="What stands for the account in rows that are counted")]
    counts: dict[str, int]
    state_done: Annotated[bool, Field(description="Whether the state has forgotten the account already")]
    topics_done: bool


@router.get(
    "/{account:path}/export", response_model=ExportOut, summary="Everything stored about an account",
    responses=errors(404),
)  # fmt: skip
async def export_account(caller: Administrator, parts: PartsOf, account: Account) -> JSONResponse:
    """As JSON: transactions as received with their decisions, alerts, cases, notes, labels, anomalies, audit entries.

    At most 20,000 rows a table.
    """
    tables: dict[str, list[Any]] = {}
    if not has_control_character(account):
        async with parts.database.client(caller.client_id) as pool, session(pool) as connection:
            tables = await erasure.export(connection, caller.client_id, account)
    if not any(tables.values()):
        raise Problem(NOT_FOUND, "nothing is stored about this account")
    truncated = [name for name, rows in tables.items() if len(rows) > erasure.EXPORTED_MAX]
    shown = {name: rows[: erasure.EXPORTED_MAX] for name, rows in tables.items()}
    return JSONResponse(
        {"account": account, "tables": shown, "truncated": truncated},
        headers={"Content-Disposition": 'attachment; filename="account.json"'},
    )


@router.delete("/{account:path}", summary="Erase an account", responses=errors(404, 409))
async def delete_account(caller: Administrator, parts: PartsOf, request: Request, account: Account) -> ErasedOut:
    """Take a person out of what is stored, for good: rows keep their place in counts and lose what is theirs.

    Uploaded files that hold the account are deleted. An account with very many rows: `riskstream erase`.
    """
    erased = None
    actor = (caller.client_id, caller.actor, request_id_of(request))
    if not has_control_character(account):
        try:
            async with parts.database.client(caller.client_id) as pool:
                erased = await erase_account(pool, parts.redis, parts.settings, account, actor)
        except UploadInUse as error:
            raise Problem(CONFLICT, "a run reads an upload that holds this account; wait for its end") from error
    if erased is None:
        raise Problem(NOT_FOUND, "nothing is stored about this account")
    return ErasedOut(**erased._asdict(), topics_done=False)
