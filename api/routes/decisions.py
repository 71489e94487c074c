"""Stored decisions: what was decided, from which numbers, and why."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field

from api.auth import Caller, Reader
from api.openapi import errors
from api.parts import Parts, PartsOf
from api.problems import NOT_EXPLAINABLE, NOT_FOUND, Problem
from api.routes.transactions import decision_out
from api.schemas import Answer, DecisionOut, PositionOut, ReasonOut
from contracts.errors import ModelRefused
from contracts.transaction import has_control_character
from storage.transactions import StoredTransaction, TransactionRepository

TransactionId = Annotated[str, Path(min_length=1, max_length=128)]

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])


class StoredDecisionOut(DecisionOut):
    """The decision on one transaction, and where that is counted."""

    transaction_id: str
    account: str
    event_time_ms: int
    decided_at_ms: int
    position: PositionOut
    alert_id: str | None


class ExplanationOut(Answer):
    """The strongest contributions to the score, in log-odds, by the decision's own model."""

    model_config = ConfigDict(from_attributes=True, frozen=True, protected_namespaces=())

    transaction_id: str
    model_version: str
    risk_score: float
    probability: Annotated[float, Field(ge=0, le=1)]
    reasons: tuple[ReasonOut, ...]


@router.get("/{transaction_id:path}/explain", summary="Why it was decided so", responses=errors(404, 409))
async def explain_decision(caller: Reader, parts: PartsOf, transaction_id: TransactionId) -> ExplanationOut:
    """Reasons of any stored decision, recomputed from its vector with the model that made it; never with another."""
    stored = await _stored(caller, parts, transaction_id)
    decision = stored.decision
    try:
        reasons = await parts.explainer.explain(decision, stored.body)
    except ModelRefused as error:
        raise Problem(NOT_EXPLAINABLE, str(error)) from error
    return ExplanationOut(
        transaction_id=decision.transaction_id,
        model_version=decision.model_version,
        risk_score=decision.risk_score,
        probability=decision.probability,
        reasons=tuple(ReasonOut.model_validate(reason) for reason in reasons),
    )


@router.get("/{transaction_id:path}", summary="The decision on a transaction", responses=errors(404))
async def get_decision(caller: Reader, parts: PartsOf, transaction_id: TransactionId) -> StoredDecisionOut:
    """The stored decision with its features by name, versions and reasons, whichever way the transaction came."""
    stored = await _stored(caller, parts, transaction_id)
    decision = stored.decision
    return StoredDecisionOut(
        **decision_out(decision).model_dump(),
        transaction_id=decision.transaction_id,
        account=decision.account,
        event_time_ms=decision.event_time_ms,
        decided_at_ms=stored.decided_at_ms,
        position=PositionOut(source=stored.position.source, offset=stored.position.offset),
        alert_id=stored.alert_id,
    )


async def _stored(caller: Caller, parts: Parts, transaction_id: str) -> StoredTransaction:
    """Raises a 404 problem."""
    stored = None
    if not has_control_character(transaction_id):
        async with parts.database.client(caller.client_id) as pool:
            stored = await TransactionRepository(pool).get(caller.client_id, transaction_id)
    if stored is None:
        raise Problem(NOT_FOUND, "you have no decision on a transaction with this id")
    return stored
