"""What may overrule the model, and in which order: block > allow > rules > model.

Lists and rules are looked up by whoever implements `Overrides`; here is only their place and their trace.
"""

from typing import NamedTuple, Protocol

from contracts.decision import Recommendation, RiskLevel
from contracts.transaction import Transaction
from scoring.model import Vectors
from scoring.policy import LEVEL_OF, RECOMMENDATION_OF

MODEL = "model"  # `decided_by` where nothing overruled it


class Verdict(NamedTuple):
    """What is decided, and by whom: `model`, `block:<entry>`, `allow:<entry>` or `rule:<name>`."""

    level: RiskLevel
    recommendation: Recommendation
    decided_by: str


class Overrides(Protocol):
    """Lists and rules of all clients, as they stand for this batch. Pure: no IO, the same answer for the same call.

    Each method names the entry or rule that applies, for the trace, or gives None.
    """

    def blocked(self, transaction: Transaction) -> str | None:
        """The block list's entry that the transaction meets: it is declined."""

    def allowed(self, transaction: Transaction) -> str | None:
        """The allow (or snooze) list's entry that the transaction meets: it is approved, no rule is asked."""

    def ruled(self, transaction: Transaction, vector: Vectors, risk_score: float) -> tuple[str, Recommendation] | None:
        """The first rule that applies and what it recommends. `vector` has shape (features,)."""


def verdict_of(
    overrides: Overrides, transaction: Transaction, vector: Vectors, risk_score: float, level: RiskLevel
) -> Verdict:
    """The verdict on one transaction whose model level is `level`."""
    entry = overrides.blocked(transaction)
    if entry is not None:
        return Verdict(RiskLevel.CRITICAL, Recommendation.DECLINE, f"block:{entry}")
    entry = overrides.allowed(transaction)
    if entry is not None:
        return Verdict(RiskLevel.LOW, Recommendation.APPROVE, f"allow:{entry}")
    rule = overrides.ruled(transaction, vector, risk_score)
    if rule is not None:
        name, recommendation = rule
        return Verdict(LEVEL_OF[recommendation], recommendation, f"rule:{name}")
    return Verdict(level, RECOMMENDATION_OF[level], MODEL)
