"""Clustering: distance from the nearest large cluster (CBLOF; He, Xu and Deng, 2003), by PyOD."""

from typing import ClassVar

from pydantic import Field

from analysis.detectors import learned, protocol
from analysis.detectors.learned import Learned, Model

ROWS_PER_CLUSTER = 20  # of the sample; fewer rows make no cluster


class Config(learned.Config):
    clusters: int = Field(8, ge=2, le=64, description="Into how many the rows are sorted, if there are enough.")


class Clustering(Learned):
    name: ClassVar[str] = "clustering"
    summary: ClassVar[str] = "Rows far from every large cluster."
    config_type: ClassVar[type[protocol.Config]] = Config
    config: Config

    def model(self, rows: int) -> Model:
        from pyod.models.cblof import CBLOF
        from sklearn.cluster import KMeans

        clusters = max(2, min(self.config.clusters, rows // ROWS_PER_CLUSTER))
        return CBLOF(  # type: ignore[no-any-return]
            n_clusters=clusters,
            clustering_estimator=KMeans(clusters, n_init=4, random_state=self.setting.seed),
            random_state=self.setting.seed,
        )
