"""Policy: from which risk score a transaction is reviewed, flagged or declined; without a score, from which amount."""

import hashlib
import math
from dataclasses import dataclass, field

from contracts.decision import Recommendation, RiskLevel
from contracts.errors import SettingsError
from scoring.manifest import Thresholds

VERSION_LENGTH = 8  # hex digits; told apart by eye, and a client has a handful of policies
_LEVELS = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.CRITICAL)
_RECOMMENDATIONS = (Recommendation.APPROVE, Recommendation.REVIEW, Recommendation.FLAG, Recommendation.DECLINE)
RECOMMENDATION_OF = dict(zip(_LEVELS, _RECOMMENDATIONS, strict=True))
LEVEL_OF = dict(zip(_RECOMMENDATIONS, _LEVELS, strict=True))


@dataclass(frozen=True, slots=True)
class Limits:
    """Degraded mode: amounts in units of the base currency below which a payment is approved, and reviewed.

    Whatever is larger is declined. Raises ValueError unless 0 <= approve_below <= review_below.
    """

    approve_below: float = 50.0  # a loss that a review would cost as well
    review_below: float = 1_000.0

    def __post_init__(self) -> None:
        numbers = (self.approve_below, self.review_below)
        if not all(math.isfinite(n) for n in numbers) or not 0 <= self.approve_below <= self.review_below:
            raise ValueError("limits must not fall: 0 <= approve_below <= review_below")


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Policy:
    """Three rising risk scores, and the limits of degraded mode. `version` is a function of them, so equal policies
    have equal versions.

    Raises ValueError unless 0 < review < flag < decline <= 100.
    """

    review: float = 50.0
    flag: float = 75.0
    decline: float = 90.0
    limits: Limits = DEFAULT_LIMITS
    version: str = field(init=False)

    def __post_init__(self) -> None:
        numbers: tuple[float, ...] = (self.review, self.flag, self.decline)
        if not all(math.isfinite(n) for n in numbers) or not 0 < self.review < self.flag < self.decline <= 100:
            raise ValueError("thresholds must rise: 0 < review < flag < decline <= 100")
        if self.limits != DEFAULT_LIMITS:
            numbers += (self.limits.approve_below, self.limits.review_below)
        text = ";".join(repr(float(number)) for number in numbers)
        digest = hashlib.blake2b(text.encode(), digest_size=VERSION_LENGTH // 2).hexdigest()
        object.__setattr__(self, "version", digest)

    def level(self, risk_score: float) -> RiskLevel:
        """The level of a risk score as it is shown, that is rounded to one decimal."""
        if risk_score < self.review:
            return RiskLevel.LOW
        if risk_score < self.flag:
            return RiskLevel.MEDIUM
        return RiskLevel.HIGH if risk_score < self.decline else RiskLevel.CRITICAL


def policy_of(thresholds: Thresholds, flag_setting: float | None = None, own: Policy | None = None) -> Policy:
    """The policy that holds: the client's `own`, else the environment's, else the model manifest's.

    `flag_setting` is RISK_THRESHOLD_HIGH: it replaces the score from which a transaction is flagged; where it would
    pass a neighbour, the neighbour moves to halfway between it and the end of the scale.
    Raises SettingsError if it does not lie between 0 and 100.
    """
    if own is not None:
        return own
    if flag_setting is None:
        return Policy(thresholds.review, thresholds.flag, thresholds.decline)
    if not 0 < flag_setting < 100:
        raise SettingsError("RISK_THRESHOLD_HIGH must lie between 0 and 100")
    review = thresholds.review if thresholds.review < flag_setting else flag_setting / 2
    decline = thresholds.decline if thresholds.decline > flag_setting else (flag_setting + 100) / 2
    return Policy(review, flag_setting, decline)
