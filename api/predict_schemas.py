"""Request and answer of `POST /v1/predict`."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from api.schemas import Answer
from scoring.schema import CREDIT_CARD

COMPONENT_MAX = 1e9  # far beyond any component; what is larger is another unit, or no component
AMOUNT_MAX = 1e9

Component = Annotated[float, Field(strict=True, ge=-COMPONENT_MAX, le=COMPONENT_MAX, allow_inf_nan=False)]
Amount = Annotated[float, Field(strict=True, ge=0, le=AMOUNT_MAX, allow_inf_nan=False)]
Seconds = Annotated[float | None, Field(strict=True, allow_inf_nan=False, description="Of the file; not used")]

_EXAMPLE = {name: round(0.3 * (-1) ** i, 2) for i, name in enumerate(CREDIT_CARD.features)} | {"Amount": 149.62}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": _EXAMPLE})

    def row(self) -> list[float]:
        """The values in the order of the model's columns."""
        return [getattr(self, name) for name in CREDIT_CARD.features]


_FIELDS: dict[str, Any] = dict.fromkeys(CREDIT_CARD.features, (Component, ...)) | {
    "Amount": (Amount, ...),
    "Time": (Seconds, None),
}
CardTransaction = create_model(
    "CardTransaction", __base__=_Body, __doc__="One anonymised card transaction, as a row of creditcard.csv.", **_FIELDS
)


class PredictOut(Answer):
    """`is_fraud`: the risk score has reached the model's own alert threshold."""

    fraud_probability: Annotated[float, Field(ge=0, le=1, description="Calibrated")]
    is_fraud: bool
    risk_score: Annotated[float, Field(ge=0, le=100)]
    model_version: str
