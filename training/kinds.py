"""The two kinds of models: of the stream's transactions, and of anonymised card transactions V1…V28."""

from enum import StrEnum
from pathlib import Path

from scoring.schema import CREDIT_CARD, STREAM, Schema

CREDIT_CARD_FOLDER = "creditcard"  # of the registry, with versions and a champion of its own


class Kind(StrEnum):
    """What the rows are, as `--dataset` says."""

    STREAM = "stream"
    CREDIT_CARD = "creditcard"

    @property
    def schema(self) -> Schema:
        return STREAM if self is Kind.STREAM else CREDIT_CARD

    def registry(self, models: Path) -> Path:
        """Where models of this kind lie in the registry `models`."""
        return models if self is Kind.STREAM else models / CREDIT_CARD_FOLDER
