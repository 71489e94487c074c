"""Made-up rows in the format of creditcard.csv, to try the second model without the file. Nothing in them is real.

Twenty-eight uncorrelated components with falling spread and heavy tails, as a principal component analysis of card data
leaves them, and amounts with a long tail; over two days with a nightly lull. Fraud is planted in three kinds, each a
shift in a few components, some of it faint enough to overlap with honest rows:

    stolen_card    strong shift in V14, V12, V10, V17; middle amounts
    card_testing   shift in V4, V11, V2; tiny amounts, at night too
    takeover       faint shift in V3, V7, V16, V18; large amounts
"""

import numpy as np

from scoring.schema import CREDIT_CARD
from training.creditcard.table import CardRows

ROWS = 120_000
FRAUD_SHARE = 0.004  # twice the public file's, so that two days hold enough
SECONDS = 172_800  # two days
TAIL_DEGREES = 5  # of Student's t: the heavy tails
SPREAD_FIRST, SPREAD_LAST = 1.95, 0.33  # standard deviations of V1 and V28
HONEST_LIKE_SHARE = 0.25  # of frauds: their shift is only a quarter, so no model finds them all

_KINDS: dict[str, tuple[float, dict[str, float], tuple[float, float]]] = {  # share, shifts, log amount
    "stolen_card": (0.5, {"V14": -4.5, "V12": -3.5, "V10": -3.0, "V17": -3.5, "V4": 2.0}, (4.2, 1.0)),
    "card_testing": (0.3, {"V4": 3.5, "V11": 3.0, "V2": 2.5, "V14": -2.0}, (0.3, 0.6)),
    "takeover": (0.2, {"V3": -2.2, "V7": -2.4, "V16": -2.0, "V18": -1.5, "V12": -1.5}, (5.8, 0.8)),
}


def synthetic_rows(seed: int, rows: int = ROWS) -> CardRows:
    """Seeded rows in order of time; equal seeds give equal rows."""
    random = np.random.default_rng(seed)
    spread = np.linspace(SPREAD_FIRST, SPREAD_LAST, len(CREDIT_CARD.features) - 1)
    components = (
        random.standard_t(TAIL_DEGREES, (rows, len(spread))) * spread * np.sqrt((TAIL_DEGREES - 2) / TAIL_DEGREES)
    )
    amount = np.exp(random.normal(3.1, 1.4, rows))
    seconds = np.sort(_seconds(random, rows))
    fraud = random.random(rows) < FRAUD_SHARE
    kind = np.full(rows, "", dtype="<U12")
    names = list(_KINDS)
    kind[fraud] = random.choice(names, int(fraud.sum()), p=[_KINDS[name][0] for name in names])
    strength = np.where(random.random(rows) < HONEST_LIKE_SHARE, 0.25, random.uniform(0.7, 1.2, rows))
    for name, (_, shifts, (middle, width)) in _KINDS.items():
        of_kind = kind == name
        for column, shift in shifts.items():
            components[of_kind, CREDIT_CARD.features.index(column)] += shift * strength[of_kind]
        amount[of_kind] = np.exp(random.normal(middle, width, int(of_kind.sum())))
    amount = np.round(np.minimum(amount, 25_000), 2)
    vectors = np.column_stack([components, amount]).astype(np.float32)
    return CardRows(vectors, seconds, fraud, kind)


def _seconds(random: np.random.Generator, rows: int) -> np.ndarray:
    """Times over two days, by night a fifth as many as by day."""
    hour = np.arange(48)
    weight = np.where((hour % 24 < 6), 0.2, 1.0)
    return random.choice(hour, rows, p=weight / weight.sum()) * 3600.0 + np.floor(random.random(rows) * 3600)
