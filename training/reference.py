"""What a model was made of, for drift: the distribution of each feature and of the score (`scoring.drift`)."""

import msgspec
import numpy as np
import numpy.typing as npt

from scoring.drift import REFERENCE_FORMAT, SCORE_EDGES, Distribution, Reference, bin_counts, shares_of
from scoring.model import Vectors
from scoring.schema import STREAM, Schema

DECILES = np.arange(1, 10) / 10
ROWS_MAX = 50_000  # of a sample, evenly spaced: a share of 0.1 is known to 0.0013 then
DECIMALS = 6


def reference_of(version: str, vectors: Vectors, score: npt.NDArray[np.float64], schema: Schema = STREAM) -> Reference:
    """The distributions of vectors (n, features), and of the scores (m,) of rows that the model had not seen."""
    sample = vectors[:: max(1, -(-len(vectors) // ROWS_MAX))]
    columns = np.ascontiguousarray(sample.T)
    return Reference(
        format=REFERENCE_FORMAT,
        version=version,
        rows=len(sample),
        score_rows=len(score),
        score=distribution_of(score, SCORE_EDGES),
        features={
            name: distribution_of(column, decile_edges(column))
            for name, column in zip(schema.features, columns, strict=True)
        },
    )


def encode_reference(reference: Reference) -> bytes:
    """As compact JSON, about 50 kB."""
    return msgspec.json.encode(reference) + b"\n"


def distribution_of(values: npt.NDArray[np.floating], edges: tuple[float, ...]) -> Distribution:
    """The share of `values` (n,) in each bin of `edges`, the missing last."""
    shares = np.round(shares_of(bin_counts(values, edges)), DECIMALS)
    return Distribution(edges, tuple(shares.tolist()))


def decile_edges(values: npt.NDArray[np.floating]) -> tuple[float, ...]:
    """The distinct deciles of what is not missing, each a value that occurs.

    A bin ends with its edge, so an edge at the largest value would part nothing off: in its place stands the largest
    value below it. So a feature that is nearly always 1 still has a bin for the rest.
    """
    present = values[~np.isnan(values)]
    if len(present) == 0:
        return ()
    ordered = np.sort(present)
    edges = np.unique(ordered[(DECILES * (len(ordered) - 1)).astype(np.intp)])
    if edges[-1] == ordered[-1]:
        below = ordered[: int(np.searchsorted(ordered, ordered[-1], side="left"))]
        edges = np.unique(np.concatenate([edges[:-1], below[-1:]]))
    return tuple(edges.astype(np.float64).tolist())
