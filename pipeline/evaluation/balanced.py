"""The geometric mean of BAKS and BAUS, by which AnimalCLEF 2025 scores each species.

Source: wildlife-datasets, metrics.py and baselines/AnimalCLEF2025/submissions.ipynb.
"""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation import metrics
from pipeline.evaluation.coverage import MIN_INDIVIDUALS
from pipeline.evaluation.species import Statistic


def balance(individuals: npt.ArrayLike, chosen: np.ndarray) -> np.ndarray:
    """q weights with which all individuals of the `chosen` queries count alike; 0 for the others.

    The mean with these weights is `metrics.balanced_accuracy`.
    """
    _, codes = np.unique(np.asarray(individuals, dtype=str), return_inverse=True)
    counts = np.bincount(codes[chosen], minlength=codes.max(initial=-1) + 1)[codes]
    return np.where(chosen, 1 / np.maximum(counts, 1), 0.0)


def geometric_mean(right: np.ndarray, known: np.ndarray, new: np.ndarray) -> float:
    """The square root of BAKS x BAUS; NaN without known, or without new, individuals.

    right : q bool, whether the first answer is right
    known, new : q weights (`balance`) of the known and of the new queries
    """
    return float(np.sqrt(metrics.mean(right, known) * metrics.mean(right, new)))


def prepare_balanced(right: np.ndarray, known: np.ndarray, individuals: npt.ArrayLike) -> Statistic:
    """The score of one species' q queries, by how often each counts.

    right, known : q bool; individuals : q; NaN unless they show two known and two new individuals
    """
    individuals = np.asarray(individuals, dtype=str)
    if any(len(set(individuals[kind])) < MIN_INDIVIDUALS for kind in (known, ~known)):
        return lambda times: float("nan")
    weights = balance(individuals, known), balance(individuals, ~known)
    return lambda times: geometric_mean(right, weights[0] * times, weights[1] * times)
