"""Stored transactions with their decisions: what was received, what was decided, and from which numbers."""

import math
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query

from api.analysis.queries import AnomalyQuery
from api.analysis.schemas import AnomalyOut, AnomalyPage
from api.auth import Caller, Reader
from api.cases.paging import bad_cursor, next_cursor, resumed
from api.cursors import SEQUENCE_MAX, PageCursor
from api.listing import listed
from api.openapi import errors
from api.parts import PartsOf
from api.problems import NOT_FOUND, Problem
from api.received import received
from api.schemas import DecisionOut, PositionOut, ReasonOut, TransactionOut
from api.transaction_schemas import ListedTransactionOut, TransactionPageOut, TransactionQuery
from contracts.decision import Decision
from contracts.transaction import has_control_character
from features.catalogue import CATALOGUE_HASH, FEATURE_NAMES
from features.plan import Flag
from storage.anomalies import AnomalyRepository
from storage.transaction_list import TransactionListRepository
from storage.transactions import StoredTransaction, TransactionRepository

TransactionId = Annotated[str, Path(min_length=1, max_length=128)]

router = APIRouter(prefix="/v1/transactions", tags=["transactions"])


@router.get("", summary="Transactions by filter, newest first")
async def list_transactions(
    caller: Reader, parts: PartsOf, query: Annotated[TransactionQuery, Query()]
) -> TransactionPageOut:
    """By event time. All filters given must hold; which levels are asked for is looked up at 1,000 a page."""
    asked, page = resumed(query)
    async with parts.database.client(caller.client_id) as pool:
        found = await TransactionListRepository(pool).page(
            caller.client_id, asked.filter(), after=_key_of(page) if page else None, limit=asked.limit
        )
    return TransactionPageOut(
        **listed(found.items, ListedTransactionOut.model_validate, "transaction_id"),
        next_cursor=next_cursor(asked, [*found.next_key]) if found.next_key else None,
    )


@router.get("/anomalies", summary="What analyses flagged among the stored transactions, newest first")
async def list_transaction_anomalies(
    caller: Reader, parts: PartsOf, query: Annotated[AnomalyQuery, Query()]
) -> AnomalyPage:
    """By event time; each transaction once, as the last run that flagged it saw it. All filters given must hold.

    A transaction whose id is `anomalies` is at `GET /v1/decisions/anomalies`.
    """
    asked, page = resumed(query)
    async with parts.database.client(caller.client_id) as pool:
        found = await AnomalyRepository(pool).of_transactions(
            caller.client_id, asked.filter(), after=_key_of(page) if page else None, limit=asked.limit + 1
        )
    shown = found[: asked.limit]
    last = shown[-1] if len(found) > asked.limit else None
    return AnomalyPage(
        **listed(shown, AnomalyOut.of, "transaction_id"),
        next_cursor=next_cursor(asked, [last.event_time_ms, last.transaction_id]) if last else None,
    )


@router.get("/{transaction_id:path}", summary="A transaction with its decision", responses=errors(404))
async def get_transaction(caller: Reader, parts: PartsOf, transaction_id: TransactionId) -> TransactionOut:
    """The transaction as it was received, its place in the log, and its decision with the features by name.

    Without the scope `admin`, fields of `received` that we do not know are masked, and so are coordinates and all but
    the end of a phone number that is not the account.
    """
    stored = None
    if not has_control_character(transaction_id):  # such an id is never taken, and Postgres cannot be asked for some
        async with parts.database.client(caller.client_id) as pool:
            stored = await TransactionRepository(pool).get(caller.client_id, transaction_id)
    if stored is None:
        raise Problem(NOT_FOUND, "you have no transaction with this id")
    return _answer(stored, caller)


def _key_of(page: PageCursor) -> tuple[int, str]:
    match page.key:
        case [int(event_time_ms), str(transaction_id)] if abs(
            event_time_ms
        ) <= SEQUENCE_MAX and not has_control_character(transaction_id):
            return event_time_ms, transaction_id
    raise bad_cursor("it is damaged; use `next_cursor` as it came")


def _answer(stored: StoredTransaction, caller: Caller) -> TransactionOut:
    decision = stored.decision
    return TransactionOut(
        transaction_id=decision.transaction_id,
        client_id=decision.client_id,
        account=decision.account,
        event_time_ms=decision.event_time_ms,
        decided_at_ms=stored.decided_at_ms,
        received=received(stored.body, decision.account, caller.scopes),
        position=PositionOut(source=stored.position.source, offset=stored.position.offset),
        decision=decision_out(decision),
        alert_id=stored.alert_id,
    )


def decision_out(decision: Decision) -> DecisionOut:
    """The decision with its features by name."""
    return DecisionOut(
        risk_score=decision.risk_score,
        risk_level=decision.risk_level,
        recommendation=decision.recommendation,
        probability=decision.probability,
        decided_by=decision.decided_by,
        degraded=decision.degraded,
        missing=decision.missing,
        signals=decision.signals,
        reasons=tuple(ReasonOut.model_validate(reason) for reason in decision.reasons),
        flags=[flag.name.lower() for flag in Flag if flag.name and decision.flags & flag],
        states=decision.states,
        model_version=decision.model_version,
        catalogue_hash=decision.catalogue_hash,
        policy_version=decision.policy_version,
        features=named_features(decision),
    )


def named_features(decision: Decision) -> dict[str, float | None]:
    """The vector by name; null is missing. Of another catalogue only the places are known: `feature_0`, …"""
    vector = np.frombuffer(decision.vector, dtype="<f4")
    known = decision.catalogue_hash == CATALOGUE_HASH and len(vector) == len(FEATURE_NAMES)
    names = FEATURE_NAMES if known else [f"feature_{place}" for place in range(len(vector))]
    return {
        name: float(value) if math.isfinite(value) else None for name, value in zip(names, vector.tolist(), strict=True)
    }
