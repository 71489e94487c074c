"""From vectors to decisions: predict, score, signals, policy, overrides, reasons. One call a micro-batch."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from contracts.decision import Decision, Reason, Recommendation
from contracts.transaction import Transaction
from features.catalogue import CATALOGUE_HASH
from scoring.model import Model, Vectors
from scoring.overrides import MODEL, Overrides, Verdict, verdict_of
from scoring.policy import RECOMMENDATION_OF, Policy
from scoring.reasons import explain
from scoring.signals import signals_of

_ALERTING = (Recommendation.FLAG, Recommendation.DECLINE)
_LITTLE_ENDIAN = np.dtype("<f4")


def decide_batch(
    model: Model,
    transactions: Sequence[Transaction],
    vectors: Vectors,
    flags: Sequence[int] | npt.NDArray[np.integer],
    states: Sequence[dict[str, int]],
    policies: Callable[[int], Policy],
    overrides: Overrides | None = None,
    *,
    explain_all: bool = False,
) -> list[Decision]:
    """Decisions in the order of `transactions`, from vectors of shape (n, features) and their n flags and states.

    `policies` gives a client's policy. Reasons are made for what raises an alert, for all with `explain_all` (some
    0.2 ms each). Pure: the same call gives equal decisions, and a row's decision does not depend on the batch it is in.
    """
    if not transactions:
        return []
    probabilities = model.predict(vectors)
    scores = model.score(probabilities).tolist()
    judged = _judge(transactions, vectors, scores, policies, overrides)
    wanted = [i for i, (_, v) in enumerate(judged) if explain_all or v.recommendation in _ALERTING]
    reasons = _reasons_for(wanted, model, transactions, vectors)
    rows = np.ascontiguousarray(vectors, dtype=_LITTLE_ENDIAN)
    width, packed = rows.shape[1] * rows.itemsize, rows.tobytes()
    version = model.version
    columns = zip(
        transactions, judged, scores, probabilities.tolist(), signals_of(vectors), _ints(flags), states, strict=True
    )
    return [
        Decision(
            client_id=transaction.client_id,
            transaction_id=transaction.transaction_id,
            account=transaction.account,
            event_time_ms=transaction.event_time_ms,
            risk_score=score,
            risk_level=verdict.level,
            recommendation=verdict.recommendation,
            probability=probability,
            signals=signals,
            model_version=version,
            catalogue_hash=CATALOGUE_HASH,
            policy_version=policy.version,
            decided_by=verdict.decided_by,
            flags=flag,
            states=state,
            reasons=reasons.get(i, ()),
            vector=packed[i * width : (i + 1) * width],
        )
        for i, (transaction, (policy, verdict), score, probability, signals, flag, state) in enumerate(columns)
    ]


def vector_of(decision: Decision) -> Vectors:
    """The stored vector of a decision as float32 of shape (1, features), as `explain` takes it."""
    return np.frombuffer(decision.vector, dtype=_LITTLE_ENDIAN).astype(np.float32).reshape(1, -1)


def _judge(
    transactions: Sequence[Transaction],
    vectors: Vectors,
    scores: list[float],
    policies: Callable[[int], Policy],
    overrides: Overrides | None,
) -> list[tuple[Policy, Verdict]]:
    known: dict[int, tuple[Policy, dict[object, Verdict]]] = {}
    judged = []
    for i, (transaction, score) in enumerate(zip(transactions, scores, strict=True)):
        client = known.get(transaction.client_id)
        if client is None:
            policy = policies(transaction.client_id)
            by_level: dict[object, Verdict] = {lv: Verdict(lv, r, MODEL) for lv, r in RECOMMENDATION_OF.items()}
            client = known[transaction.client_id] = (policy, by_level)
        policy, verdicts = client
        level = policy.level(score)
        verdict = verdicts[level]
        if overrides is not None:
            verdict = verdict_of(overrides, transaction, vectors[i], score, level)
        judged.append((policy, verdict))
    return judged


def _reasons_for(
    rows: list[int], model: Model, transactions: Sequence[Transaction], vectors: Vectors
) -> dict[int, tuple[Reason, ...]]:
    if not rows:
        return {}
    explained = explain(model, np.ascontiguousarray(vectors[rows]), [transactions[i] for i in rows])
    return dict(zip(rows, explained, strict=True))


def _ints(flags: Sequence[int] | npt.NDArray[np.integer]) -> list[int]:
    return flags.tolist() if isinstance(flags, np.ndarray) else list(flags)
