"""How banks of fourteen languages name columns, directions and totals, and what they write into rows."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

Names = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]


class Language(BaseModel):
    """Words of one language, as `languages.toml` has them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    currencies: Names
    encodings: Names
    date: Names
    value_date: Names
    clock: Names
    text: Names
    counterparty: Names
    counter_account: Names
    account: Names
    amount: Names
    currency: Names
    balance: Names
    credit_debit: Pairs
    direction: Names
    directions: Pairs
    suffix: Names
    reference: Names
    fee: Names
    rate: Names
    original_amount: str
    original_currency: str
    odd_balance: str
    opening: str
    closing: str
    total: str
    period: str
    printed: str
    texts: Names
    people: Names


_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
LANGUAGES = tuple(Language.model_validate(words) for words in _WORDS["language"])
