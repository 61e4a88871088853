"""What a coarse index compares a query with, and whom it still finds."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import coarse
from pipeline import params
from pipeline.data.gallery import Embeddings
from pipeline.steps.neighbours import search
from tests.conftest import ROOT


@pytest.fixture
def shown() -> search.Gallery:
    """Four individuals of forty photographs around four directions: a cell needs 39."""
    rng = np.random.default_rng(0)
    vectors = np.repeat(np.eye(4), 40, axis=0) + 0.01 * rng.normal(size=(160, 4))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    names = np.array([f"p{number}" for number in range(160)])
    rows = pd.DataFrame({"image": names, "identity": np.repeat(list("abcd"), 40)})
    return search.build_gallery(Embeddings(names, vectors), rows)


def settings(**changes) -> params.Neighbours:
    base = params.load(ROOT / "tests/params.yaml").neighbours
    return base.model_copy(update={"index": "ivf", "lists": 4, "images": 10} | changes)


def test_the_share_that_is_compared_is_that_of_the_visited_cells(shown):
    asked = np.eye(4, dtype=np.float32)
    assert coarse.compared(asked, shown, settings(probes=1)) == pytest.approx(1 / 4)
    assert coarse.compared(asked, shown, settings(probes=3)) == pytest.approx(3 / 4)
    assert coarse.compared(asked, shown, settings(probes=4)) == 1.0


def test_an_individual_in_another_cell_is_missed(shown):
    """The query lies at a, and shows b: one cell has a alone, two have b too."""
    asked, truth = np.array([[0.8, 0.6, 0, 0]], np.float32), np.array(["b"])
    one, two = (
        coarse.answers(asked, shown, settings(probes=probes, images=80)) for probes in (1, 2)
    )
    assert coarse.named(one, truth, shown).tolist() == [False]
    assert coarse.named(two, truth, shown).tolist() == [True]
