"""Seeded outcomes with scores that are worth something."""

import numpy as np

from training.evaluation.outcomes import DAY_MS, Outcomes, amount_bands

KINDS = ("card_testing", "account_takeover")


def period(rows: int = 4000, seed: int = 1, fraud_share: float = 0.05, days: int = 7) -> tuple[np.ndarray, Outcomes]:
    """(score in 0-1, outcomes); scores have one decimal less than needed, so that there are ties."""
    random = np.random.default_rng(seed)
    fraud = random.random(rows) < fraud_share
    score = np.round(1 / (1 + np.exp(-random.normal(np.where(fraud, 1.0, -2.0), 1.5))), 3)
    amount = np.round(random.gamma(2, 40, rows), 2)
    outcomes = Outcomes(
        fraud=fraud,
        time_ms=np.sort(random.integers(0, days * DAY_MS, rows)),
        amount=amount,
        account=random.integers(0, rows // 10, rows),
        transaction=np.array([f"t{i}" for i in range(rows)]),
        typology=np.where(fraud, random.choice(KINDS, rows), ""),
        segments={"amount": amount_bands(amount), "channel": random.choice(["app", "atm", ""], rows)},
    )
    return score, outcomes
