"""XGBoost without scikit-learn, which only its own estimators need: half of the time that its import takes."""

from contracts.imports import without

with without("sklearn"):
    import xgboost

__all__ = ["xgboost"]
