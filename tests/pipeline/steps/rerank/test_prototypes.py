import numpy as np
import pandas as pd

from pipeline.data.gallery import Embeddings
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.rerank.candidates import Candidates
from pipeline.steps.rerank.prototypes import Prototypes
from tests.pipeline.steps.rerank.synthetic import SECTION


def test_prototypes_by_hand(member):
    """a has photographs at 0 and 90 degrees, b one at 90; the query lies at 0."""
    plane = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    member.embeddings = Embeddings(np.array(["a0", "b0", "q"]), plane)
    top = Candidates(
        np.array(["q"]),
        np.array([["a", "b", ""]], dtype=object),
        np.array([[0.9, 0.8, -np.inf]]),
        np.array([[[0, 1], [1, -1], [-1, -1]]]),
    )
    prototypes = Prototypes(member.inputs(), SECTION)
    scores = prototypes.score(top, pd.DataFrame(), CrossFit([0], 2, 0))
    assert scores.tolist() == [[0.5, 0, -np.inf]]
