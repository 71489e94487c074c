"""`POST /v1/predict`: anonymised card transactions, V1…V28 and Amount. Nothing is counted or stored."""

import numpy as np
from fastapi import APIRouter

from api.auth import Scorer
from api.json_bodies import JsonRoute
from api.parts import PartsOf
from api.predict_schemas import CardTransaction, PredictOut
from api.problems import UNAVAILABLE, Problem
from contracts.errors import ModelRefused

router = APIRouter(prefix="/v1/predict", tags=["score"], route_class=JsonRoute)


@router.post("", summary="Predict one anonymised card transaction")
async def predict(caller: Scorer, parts: PartsOf, body: CardTransaction) -> PredictOut:
    """The probability of fraud, from the model that `riskstream train --dataset creditcard FILE` makes."""
    del caller  # who may score may predict; the model is everybody's
    try:
        model = await parts.card_model.current()
    except ModelRefused as error:
        detail = "there is no model for this format yet; make one with: riskstream train --dataset creditcard FILE"
        raise Problem(UNAVAILABLE, detail, reason=str(error)) from error
    probabilities = model.predict(np.array([body.row()], np.float32))  # a tenth of a millisecond
    probability, score = float(probabilities[0]), float(model.score(probabilities)[0])
    return PredictOut(
        fraud_probability=probability,
        is_fraud=score >= model.manifest.thresholds.flag,
        risk_score=score,
        model_version=model.version,
    )
