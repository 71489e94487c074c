"""Reasons of any stored decision, by the model that made it and no other."""

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

from contracts.decision import Decision, Reason
from contracts.errors import ModelRefused
from contracts.transaction import Transaction, decode_transaction
from features.catalogue import CATALOGUE_HASH
from pipeline.served_model import ServedModel
from scoring.registry import versions

if TYPE_CHECKING:
    from scoring.model import Model

MODELS_MAX = 3  # kept beside the served one; a model takes some megabytes


class Explainer:
    """Models of the registry by their version, loaded when they are asked for."""

    def __init__(self, served: ServedModel) -> None:
        self._served = served
        self._models: OrderedDict[str, Model] = OrderedDict()
        self._loading = asyncio.Lock()

    async def explain(self, decision: Decision, body: bytes) -> tuple[Reason, ...]:
        """The strongest reasons, from the stored vector. Raises ModelRefused if the model is not there any more."""
        if not decision.vector or decision.catalogue_hash != CATALOGUE_HASH:
            raise ModelRefused("it has no feature vector that this version can read")
        transaction = decode_transaction(body)
        if not isinstance(transaction, Transaction):
            raise ModelRefused("its transaction cannot be read any more")
        model = await self._model(decision.model_version)
        return await asyncio.to_thread(_explain, model, decision, transaction)

    async def _model(self, version: str) -> "Model":
        if self._served.loaded is not None and self._served.loaded.version == version:
            return self._served.loaded
        async with self._loading:
            if version not in self._models:
                self._models[version] = await asyncio.to_thread(self._load, version)
                if len(self._models) > MODELS_MAX:
                    self._models.popitem(last=False)
            self._models.move_to_end(version)
            return self._models[version]

    def _load(self, version: str) -> "Model":
        if version not in versions(self._served.path):
            raise ModelRefused(f"the registry has no model {version[:64]!r} any more")
        from scoring.model import load

        model = load(self._served.path / version)
        if model.version != version:
            raise ModelRefused(f"the model in the folder {version!r} calls itself {model.version[:64]!r}")
        return model


def _explain(model: "Model", decision: Decision, transaction: Transaction) -> tuple[Reason, ...]:
    from scoring.decide import vector_of
    from scoring.reasons import explain

    return explain(model, vector_of(decision), [transaction])[0]
