"""What a model takes as its input: named columns in order, and a hash over their definition."""

import hashlib
from dataclasses import dataclass

from features.catalogue import CATALOGUE_HASH, FEATURE_NAMES


@dataclass(frozen=True, slots=True)
class Schema:
    """`hash` stands in the manifests of models made for it; `train` is the command that makes such a model."""

    name: str
    features: tuple[str, ...]
    hash: str
    train: str
    amount: str = "amount"  # the column that holds it

    @property
    def noun(self) -> str:
        """The name's last word, for a second sentence about it."""
        return self.name.rsplit(" ", 1)[-1]


STREAM = Schema("feature catalogue", FEATURE_NAMES, CATALOGUE_HASH, "riskstream train")

_CARD_COLUMNS = (*(f"V{i}" for i in range(1, 29)), "Amount")  # anonymised components, as in the public creditcard.csv
CREDIT_CARD = Schema(
    "credit-card columns",
    _CARD_COLUMNS,
    hashlib.sha256(repr(_CARD_COLUMNS).encode()).hexdigest()[:16],
    "riskstream train --dataset creditcard",
    amount="Amount",
)
