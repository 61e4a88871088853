"""Known pairs and their truth, by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.gallery import Embeddings
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.verify import pairs

VECTORS = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
GROUPS = pd.Series({"q": 7, "g1": 1, "g2": 2})
EMBEDDINGS = Embeddings(np.array(["q", "g1", "g2"]), VECTORS)


def verified(*rows: tuple[str, str, str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["query", "image", "identity", "inliers", "weight"])
    return table.assign(weighted_inliers=table["inliers"] / 2)


def queries(truth: str, fold: int = 0) -> pd.DataFrame:
    return pd.DataFrame({"image": ["q"], "group": [7], "truth": [truth], "fold": [fold]})


def test_a_held_out_querys_pairs_are_known():
    table = verified(("q", "g1", "a", 9, 1), ("q", "g2", "b", 3, 40))
    found = pairs.build_known_pairs(table, queries("a"), GROUPS, EMBEDDINGS)
    assert found["same"].tolist() == [True, False]
    assert found["similarity"].tolist() == pytest.approx([0.6, 0])
    assert found["gallery_group"].tolist() == [1, 2]
    columns = ["group", "inliers", "weighted_inliers", "weight"]
    assert found[columns].values.tolist() == [[7, 9, 4.5, 1], [7, 3, 1.5, 40]]


def test_a_new_animal_has_no_same_pair():
    found = pairs.build_known_pairs(
        verified(("q", "g1", "a", 9, 1)), queries(NEW_WHALE), GROUPS, EMBEDDINGS
    )
    assert found["same"].tolist() == [False]


@pytest.mark.parametrize("table", [verified(("q", "g1", "a", 9, 1)), verified()])
def test_the_tests_pairs_are_unknown(table):
    found = pairs.build_known_pairs(table, queries("", fold=-1), GROUPS, EMBEDDINGS)
    assert found.empty and found["same"].dtype == bool
