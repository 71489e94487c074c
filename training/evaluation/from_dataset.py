"""Outcomes of a dataset: what `Outcomes` asks for, read from its transactions."""

import numpy as np

from features.catalogue import FEATURE_INDEX
from scoring.model import Vectors
from training.datasets import Dataset
from training.evaluation.figures import codes
from training.evaluation.outcomes import Outcomes, amount_bands


def outcomes_of(dataset: Dataset, vectors: Vectors) -> Outcomes:
    """The outcomes of every transaction; amounts from the vectors, where they are in base currency."""
    amount = vectors[:, FEATURE_INDEX["amount"]].astype(np.float64)
    told = dataset.transactions
    return Outcomes(
        fraud=dataset.fraud,
        time_ms=dataset.time_ms,
        amount=amount,
        account=codes(np.array([f"{t.client_id}/{t.account}" for t in told])),
        transaction=np.array([t.transaction_id for t in told]),
        typology=np.array([kind or "" for kind in dataset.typology]),
        segments={
            "amount": amount_bands(amount),
            "channel": np.array([t.channel or "" for t in told]),
            "currency": np.array([t.currency or "" for t in told]),
            "merchant category": np.array([t.merchant_category or "" for t in told]),
            "kind": np.array([t.kind.value for t in told]),
        },
    )
