"""Clustering: distance from the nearest large cluster (CBLOF; He, Xu and Deng, 2003), by PyOD."""

from typing import ClassVar

from pydantic import Field

from analysis.detectors import learned, protocol
from analysis.detectors.learned import Learned, Model

LARGE = 0.9  # of the sample, in large clusters together; PyOD's default
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
            alpha=alpha_of(clusters),
            clustering_estimator=KMeans(clusters, n_init=4, random_state=self.setting.seed),
            random_state=self.setting.seed,
        )


def alpha_of(clusters: int) -> float:
    """The share that large clusters must have, so that there always are some.

    PyOD refuses a sample whose smallest cluster is larger than what 1 − alpha leaves, as of eight equal ones. The
    smallest never has more than its equal part.
    """
    return min(LARGE, 1 - 1 / clusters - 1e-9)
