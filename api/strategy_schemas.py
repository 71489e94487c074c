"""What strategies and detectors look like over HTTP."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from analysis.detectors.protocol import Kind
from analysis.strategy import Strategy
from analysis.strategy_book import FoundStrategy
from api.listing import Listed
from api.schemas import Answer

EXAMPLE: dict[str, Any] = {
    "name": "Month end",
    "description": "What the ledger preset finds, and amounts of 5,000 and more at night.",
    "detectors": [
        {"detector": "robust_z_score", "weight": 1.0, "config": {"group_by": "account", "rows_min": 20}},
        {"detector": "weekend_night", "weight": 0.5, "config": {"night_amount": 5000}},
        {"detector": "duplicate", "weight": 1.0, "config": {}},
    ],
    "combine": "tail",
    "threshold": 75.0,
    "anomalies_max": 1000,
    "time_zone": "Africa/Nairobi",
    "seed": 0,
}


class StrategyIn(Strategy):
    """A strategy's document. Only `name` and `detectors` are required."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class StepOut(Answer):
    """One detector of a strategy."""

    detector: str
    weight: float
    config: Annotated[dict[str, Any], Field(description="What differs from the detector's defaults")]


class DocumentOut(Answer):
    """A strategy's document as it was stored; it can be sent back as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: str
    description: str
    detectors: list[StepOut]
    combine: str
    threshold: float
    anomalies_max: int
    time_zone: str
    seed: int


class StrategyOut(Answer):
    """One version. `preset`: it came with Riskstream, is every client's, and can only be copied.

    `version_current` is the strategy's newest version; the dates are null for a preset.
    """

    strategy_id: str
    version: int
    version_current: int
    preset: bool
    document: DocumentOut
    created_by: str | None
    created_at: datetime | None
    changed_by: str | None
    changed_at: datetime | None

    @classmethod
    def of(cls, found: FoundStrategy) -> "StrategyOut":
        stored = found.stored
        return cls(
            strategy_id=found.strategy_id,
            version=found.version,
            version_current=stored.version_current if stored else found.version,
            preset=found.preset,
            document=DocumentOut.model_validate(found.document),
            created_by=stored.created_by if stored else None,
            created_at=stored.created_at if stored else None,
            changed_by=stored.changed_by if stored else None,
            changed_at=stored.changed_at if stored else None,
        )


class StrategyPage(Listed):
    """Presets first, then one's own, the oldest first. `next_cursor` is null on the last page."""

    items: list[StrategyOut]
    next_cursor: str | None


class VersionPage(Listed):
    """The newest first. `next_cursor` is null on the last page."""

    items: list[StrategyOut]
    next_cursor: str | None


class DetectorOut(Answer):
    """One detector of the catalogue.

    `streaming`: memory does not grow with the rows; `limits` says what is kept, and what is done where the method
    cannot stream. `config_schema` is the JSON Schema of a step's `config`, `defaults` what holds without any.
    """

    name: str
    kind: Kind
    summary: str
    streaming: bool
    limits: str
    package: Annotated[str | None, Field(description="The installed package that brought it; null for our own")]
    evidence: Annotated[list[str], Field(description="The numbers behind its reasons")]
    config_schema: dict[str, Any]
    defaults: dict[str, Any]


class UnusableOut(Answer):
    """An installed package offers it, and it cannot be used."""

    name: str
    why: str


class CatalogueOut(Answer):
    """Our own detectors first, then those of other packages; not in pages, for what is installed bounds it."""

    detectors: list[DetectorOut]
    unusable: list[UnusableOut]
