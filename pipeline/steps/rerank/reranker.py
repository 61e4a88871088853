"""The interface of every re-ranker."""

from abc import ABC, abstractmethod

import numpy as np
import pandas as pd

from pipeline.evaluation.cross_fit import CrossFit
from pipeline.params import Rerank
from pipeline.steps.rerank.candidates import Candidates
from pipeline.steps.rerank.inputs import RerankInputs


class Reranker(ABC):
    """Gives the first candidates of every query a second score, which reorders them.

    A new re-ranker is a subclass in a file of its name, a line of `build.RERANKERS` and a value of
    `rerank.method` (`pipeline.params.Rerank`).
    """

    def __init__(self, inputs: RerankInputs, params: Rerank) -> None:
        self.inputs, self.params = inputs, params

    @abstractmethod
    def score(self, top: Candidates, queries: pd.DataFrame, cross_fit: CrossFit) -> np.ndarray:
        """The score of each candidate, q x top; higher is better, -inf for padding.

        queries : the q queries' rows (kind, truth), in the order of `top`
        cross_fit : over the q queries; a re-ranker that is trained on some of them scores only the
            others
        """
