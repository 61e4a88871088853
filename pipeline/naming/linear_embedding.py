"""A linear embedding of frozen features, learned from what photographs of one individual share.

The features are whitened by the covariance of their differences within individuals (within-class
covariance normalisation, Hatch and Stolcke 2006, doi 10.1109/ICASSP.2006.1661343): what light, pose
and place change counts little. A closed form, fitted in a second without epochs or a seed.

    LinearEmbedding.fit(vectors, identities).embed(vectors)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular

from pipeline.data.gallery import Embeddings
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.verify.pairs import compute_similarities

# Of the features' mean variance, added to that within individuals: it has fewer photographs than
# features. Measured on a sample of nyala.
SHRINKAGE = 0.3
PARTS, SEED = 4, 0  # of the individuals, each embedded by a fit without it
ON_ALL = -1  # the number of the fit on the whole catalogue
VIEWS = 2  # the photograph and its mirror image, side by side (`embed.flip` both)


@dataclass(frozen=True)
class LinearEmbedding:
    """Whitened features: minus `mean` (d), times `matrix` (d x d)."""

    mean: np.ndarray
    matrix: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray, identities: np.ndarray) -> Self:
        """Fit on n photographs (n x VIEWS d, unit vectors) of these individuals (n)."""
        features = split_views(vectors).reshape(-1, vectors.shape[1] // VIEWS)
        codes = np.repeat(pd.factorize(identities)[0], VIEWS)
        mean = features.mean(axis=0)
        within = features - compute_means(features, codes)[codes]
        identity = np.eye(len(mean))
        variance = max(float(features.var(axis=0).mean()), np.finfo(float).eps)
        covariance = (1 - SHRINKAGE) * within.T @ within / len(within)
        covariance += SHRINKAGE * variance * identity
        root = np.linalg.cholesky(covariance)
        return cls(mean, solve_triangular(root, identity, lower=True).T)

    def embed(self, vectors: np.ndarray) -> np.ndarray:
        """Embed n photographs, n x VIEWS d unit vectors, as such vectors."""
        views = (split_views(vectors) - self.mean) @ self.matrix
        lengths = np.linalg.norm(views, axis=2, keepdims=True)
        views = np.divide(
            views, lengths, out=np.full_like(views, views.shape[2] ** -0.5), where=lengths > 0
        )
        return (views.reshape(len(vectors), -1) / VIEWS**0.5).astype(np.float32)


def split_views(vectors: np.ndarray) -> np.ndarray:
    """The views of n photographs, n x VIEWS x d."""
    return vectors.astype(float).reshape(len(vectors), VIEWS, -1)


def compute_means(features: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The mean of the rows of n x d features with each code (0 to k - 1), k x d."""
    sums = np.zeros((codes.max() + 1, features.shape[1]))
    np.add.at(sums, codes, features)
    return sums / np.bincount(codes)[:, np.newaxis]


@dataclass(frozen=True)
class FittedEmbeddings:
    """The embeddings of all photographs by several fits.

    everything : by the fit on the whole catalogue, by which new photographs are compared
    without : by the fit without each part of the individuals; part : of an individual
    """

    everything: Embeddings
    without: Mapping[int, Embeddings] = field(default_factory=dict)
    part: Mapping[str, int] = field(default_factory=dict)

    def fit_of(self, individual: str) -> int:
        """The number of the fit that compares a photograph of an individual, "" for a new one."""
        return self.part.get(individual, ON_ALL)

    def by_fit(self) -> dict[int, Embeddings]:
        """The embeddings by the number of the fit."""
        return {ON_ALL: self.everything, **self.without}

    def compute_similarities(self, pairs: pd.DataFrame, individuals: Iterable[str]) -> np.ndarray:
        """The similarity of n pairs (query, image) by the fits for the queries' individuals."""
        fits = np.array([self.fit_of(individual) for individual in individuals], int)
        similarities = np.empty(len(pairs))
        for fit, embeddings in self.by_fit().items():
            similarities[fits == fit] = compute_similarities(pairs[fits == fit], embeddings)
        return similarities


def fit_embeddings(frozen: Embeddings, rows: pd.DataFrame) -> FittedEmbeddings:
    """Fit on the catalogue (`rows`: image, identity), and without each part of its individuals.

    frozen : of the catalogue's photographs and the new ones
    """
    vectors, identities = frozen.of(rows["image"]), rows["identity"].to_numpy()

    def embed_by(chosen: np.ndarray) -> Embeddings:
        fitted = LinearEmbedding.fit(vectors[chosen], identities[chosen])
        return Embeddings(frozen.names, fitted.embed(frozen.vectors))

    names = np.unique(identities)
    split = CrossFit(names, PARTS, SEED)
    part = dict(zip(names.tolist(), split.part.tolist(), strict=True))
    parts = np.array([part[identity] for identity in identities])
    without = {number: embed_by(parts != number) for number in split.numbers}
    return FittedEmbeddings(embed_by(np.ones(len(rows), bool)), without, part)
