"""Every query with its first candidates as one small few-shot task."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from pipeline.fewshot.tasks import Episodes, build_support
from pipeline.steps.rerank.candidates import Candidates


class CandidateTasks:
    """Builds the tasks of chosen queries, their candidates in any order.

    inputs : n x d vectors or n x C x H x W crops of all photographs
    query_rows : q, the queries' rows of `inputs`
    right : q x top, True for the candidate that is the query's individual
    """

    def __init__(
        self, top: Candidates, inputs: Tensor, query_rows: np.ndarray, right: np.ndarray
    ) -> None:
        self.top, self.inputs, self.query_rows, self.right = top, inputs, query_rows, right
        names, classes = np.unique(top.identities.astype(str), return_inverse=True)
        self.identities = len(names)
        self.classes = torch.from_numpy(classes.reshape(top.identities.shape))
        self.ways = top.scores.shape[1]

    def without(self, rows: np.ndarray) -> "CandidateTasks":
        """The same tasks without these rows of `inputs` in any support set."""
        supports = np.where(np.isin(self.top.supports, rows), -1, self.top.supports)
        top = replace(self.top, supports=supports)
        return CandidateTasks(top, self.inputs, self.query_rows, self.right)

    def has_right(self) -> np.ndarray:
        """q bool: the query's individual is a candidate with an example in its support set."""
        supported = self.right & (self.top.supports >= 0).any(axis=2)
        return np.asarray(supported.any(axis=1))

    def build(self, queries: np.ndarray, order: np.ndarray) -> Episodes:
        """The tasks of some queries (numbers); `order` is that of their candidates, m x top."""
        return Episodes(
            build_support(self.inputs, reorder(self.top.supports[queries], order)),
            self.inputs[torch.from_numpy(self.query_rows[queries])][:, None],
            torch.from_numpy(reorder(self.right[queries], order).argmax(axis=1))[:, None],
            self.classes[queries].gather(1, torch.from_numpy(order)),
        )

    def sample(self, queries: np.ndarray, count: int, seed: int, step: int) -> Episodes:
        """The tasks of at most `count` of the queries, their candidates in random order.

        The same step gives the same tasks.
        """
        rng = np.random.default_rng([seed, step])
        chosen = rng.choice(queries, min(count, len(queries)), replace=False)
        return self.build(chosen, random_orders(len(chosen), self.ways, rng))


def random_orders(count: int, top: int, rng: np.random.Generator) -> np.ndarray:
    """A random order of every query's candidates, count x top.

    They are sorted by the first score, and a learner that sees positions would learn to trust it.
    """
    return rng.random((count, top)).argsort(axis=1)


def reorder(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """q x top x ... with the candidates of each query in its order."""
    return values[np.arange(len(order))[:, None], order]
