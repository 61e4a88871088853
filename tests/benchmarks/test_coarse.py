"""What a coarse index compares a query with, and which individuals it finds."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import coarse
from pipeline import params
from pipeline.data.gallery import Embeddings
from pipeline.steps.neighbours import search
from tests.conftest import ROOT


@pytest.fixture
def gallery() -> search.Gallery:
    """Four individuals of forty photographs around four directions: a cell needs 39."""
    rng = np.random.default_rng(0)
    vectors = np.repeat(np.eye(4), 40, axis=0) + 0.01 * rng.normal(size=(160, 4))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    names = np.array([f"p{number}" for number in range(160)])
    rows = pd.DataFrame({"image": names, "identity": np.repeat(list("abcd"), 40)})
    return search.build_gallery(Embeddings(names, vectors), rows)


def build_settings(**changes) -> params.Neighbours:
    base = params.load(ROOT / "tests/params.yaml").neighbours
    return base.model_copy(update={"index": "ivf", "lists": 4, "images": 10} | changes)


@pytest.mark.parametrize(("probes", "fraction"), [(1, 1 / 4), (3, 3 / 4), (4, 1.0)])
def test_the_compared_fraction_is_that_of_the_visited_cells(gallery, probes, fraction):
    queries = np.eye(4, dtype=np.float32)
    found = coarse.compute_compared_fraction(queries, gallery, build_settings(probes=probes))
    assert found == pytest.approx(fraction)


def test_an_individual_in_another_cell_is_missed(gallery):
    """The query lies near a, and shows b: one cell has a only, two have b too."""
    query, truth = np.array([[0.8, 0.6, 0, 0]], np.float32), np.array(["b"])
    one, two = (
        coarse.find_nearest(query, gallery, build_settings(probes=probes, images=80))
        for probes in (1, 2)
    )
    assert coarse.is_among_first(one, truth, gallery).tolist() == [False]
    assert coarse.is_among_first(two, truth, gallery).tolist() == [True]
