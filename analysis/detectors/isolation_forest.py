"""Isolation forest (Liu, Ting and Zhou, 2008), by PyOD."""

from typing import ClassVar

from pydantic import Field

from analysis.detectors import learned, protocol
from analysis.detectors.learned import Learned, Model


class Config(learned.Config):
    trees: int = Field(100, ge=10, le=500, description="More of them make steadier scores.")
    tree_rows: int = Field(256, ge=16, le=4_096, description="Rows that each tree is grown from.")


class IsolationForest(Learned):
    name: ClassVar[str] = "isolation_forest"
    summary: ClassVar[str] = "Rows that random cuts separate from the others soon."
    config_type: ClassVar[type[protocol.Config]] = Config
    config: Config

    def model(self, rows: int) -> Model:
        from pyod.models.iforest import IForest

        return IForest(  # type: ignore[no-any-return]
            n_estimators=self.config.trees,
            max_samples=min(self.config.tree_rows, rows),
            random_state=self.setting.seed,
            n_jobs=1,
        )
