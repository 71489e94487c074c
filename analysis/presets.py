"""Strategies to start from: one for each kind of file that institutions bring."""

from typing import Any

from analysis.strategy import Strategy

WEIGHTS = {
    # Learned models see the same few numbers as the others once more.
    "isolation_forest": 0.7, "autoencoder": 0.7, "clustering": 0.7, "outlier_ensemble": 0.7, "account_limit": 0.7,
    # These judge a day or a group, and what they find is many rows' doing.
    "benford": 0.4, "related_accounts": 0.4, "seasonal": 0.4,
}  # fmt: skip


def _steps(*names: str, **configs: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"detector": name, "weight": WEIGHTS.get(name, 1.0), "config": configs.get(name, {})}
        for name in (*names, *configs)
    ]


PRESETS: dict[str, Strategy] = {
    name: Strategy.model_validate({"name": name, **document})
    for name, document in {
        "payments": {
            "description": "Account payments: amounts and habits of each account, repeated and split payments.",
            "detectors": _steps(
                "robust_z_score",
                "own_past",
                "duplicate",
                "split_payment",
                "time_pattern",
                "round_amount",
                "clustering",
            ),
        },
        "card": {
            "description": "Card payments: habits of each card, its peers at the same kind of merchant, sudden pace.",
            "detectors": _steps(
                "own_past",
                "robust_z_score",
                "peer_group",
                "duplicate",
                "time_pattern",
                "outlier_ensemble",
            ),
        },
        "ledger": {
            "description": "Bookkeeping: back-dated, repeated and round bookings, unusual days, limits, first digits.",
            "detectors": _steps(
                "robust_z_score",
                "own_past",
                "time_pattern",
                "clustering",
                "benford",
                "round_amount",
                "booking_period",
                "account_limit",
                "weekend_night",
                "related_accounts",
                "seasonal",
                duplicate={"days": 31},
            ),
        },
        "mobile_money": {
            "description": "Mobile money: bursts of small payments, splits under limits, nights, new counterparties.",
            "detectors": _steps(
                "robust_z_score",
                "time_pattern",
                "outlier_ensemble",
                own_past={"weight_new_counterparty": 2.0, "weight_pace": 1.0},
                split_payment={"limits": [100, 300, 500, 1_000, 3_000], "days": 1},
                weekend_night={"weekend_amount": 1e12, "night_amount": 500},
                duplicate={"days": 1},
            ),
        },
    }.items()
}
DEFAULT = "payments"
VERSION = 1  # of all of them; a change of what they flag is another one
