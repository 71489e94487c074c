"""Outcomes of columns: what `Outcomes` asks for, read from transactions as columns."""

import numpy as np

from contracts.transaction import Kind
from features.catalogue import FEATURE_INDEX
from features.columns import KIND_CODE, Texts
from scoring.model import Vectors
from training.columns import Columns
from training.evaluation.outcomes import Outcomes, amount_bands
from training.evaluation.outcomes import Texts as Words


def outcomes_of(columns: Columns, vectors: Vectors) -> Outcomes:
    """The outcomes of all of these rows; amounts from the vectors, where they are in base currency."""
    told = columns.transactions
    amount = vectors[:, FEATURE_INDEX["amount"]].astype(np.float64)
    return Outcomes(
        fraud=columns.fraud,
        time_ms=told.time_ms,
        amount=amount,
        account=columns.account,
        transaction=_words(told.transaction_id),
        typology=_words(columns.typology),
        segments={
            "amount": amount_bands(amount),
            "channel": _words(columns.channel),
            "currency": _words(told.currency),
            "merchant category": _words(columns.category),
            "kind": np.array([_KINDS[code] for code in range(len(_KINDS))])[told.kind],
        },
    )


_KINDS = {KIND_CODE[kind]: kind.value for kind in Kind}


def _words(texts: Texts) -> Words:
    """Texts as an array of them, an empty one where there is none."""
    values = np.array([*texts.values(), ""], dtype=np.str_)
    return values[texts.codes]
