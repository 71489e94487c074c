"""What a search has tried, as plain data for the report."""

import msgspec

TRIALS_FILE = "trials.json"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One set of hyper-parameters; `value` is its mean average precision on the validation folds, None if given up."""

    number: int
    value: float | None
    rounds: int
    parameters: dict[str, int | float]


def encode_trials(trials: tuple[Trial, ...]) -> bytes:
    """Indented JSON."""
    return msgspec.json.format(msgspec.json.encode(trials), indent=2) + b"\n"
