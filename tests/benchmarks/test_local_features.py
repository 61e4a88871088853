"""Local features alone: what is asked, how scores rank, and the gain over the first settings."""

import numpy as np
import pandas as pd

from benchmarks import local_features
from pipeline.data.features import join


def fold_rows(text: str) -> pd.DataFrame:
    """Rows of folds: "photograph identity group", one after another."""
    rows = [word.split(":") for word in text.split()]
    return pd.DataFrame(rows, columns=["image", "identity", "group"])


def test_unknown_individuals_are_never_drawn_and_drawn_ones_are_whole():
    folds = fold_rows("1:a:1 2:a:2 3:b:3 4:b:4 5:new_whale:5")
    drawn = local_features.draw_individuals(folds, 1, seed=0)
    assert drawn["identity"].nunique() == 1 and len(drawn) == 2
    assert len(local_features.draw_individuals(folds, 9, seed=0)) == 4


def test_an_individual_with_duplicates_of_one_photograph_alone_is_not_asked():
    labels = fold_rows("1:a:1 2:a:2 3:b:3 4:b:3 5:c:5")
    queried = local_features.draw_queries(labels, 10, seed=0)
    assert queried["image"].tolist() == ["1", "2"]


def test_scores_rank_by_votes_by_inliers_and_by_both():
    """a has more votes, b more inliers; product: (1 + .05) * 3 < (.5 + .05) * (9 + 3).

    fused: sqrt(1.05 * .05) * 3 < sqrt(.55 * 1.05) * (9 + 3).
    """
    rows = [
        ("q", "a", "votes", 4.0),
        ("q", "b", "votes", 2.0),
        ("q", "b", "consistent_votes", 2.0),
        ("q", "b", "inliers", 9.0),
    ]
    evidence = pd.DataFrame(rows, columns=["query", "identity", "source", "score"])
    scores = local_features.tabulate_scores(evidence)
    queried = pd.DataFrame({"image": ["q", "unmatched"], "identity": ["a", "a"]})
    rated = {name: local_features.rate(scores[name], queried).tolist() for name in scores}
    others = dict.fromkeys(["consistent_votes", "inliers", "product", "fused"], [0.5, 0.0])
    assert rated == {"votes": [1.0, 0.0], **others}


def test_the_exact_index_has_the_descriptors_of_these_photographs_alone():
    descriptors = np.arange(4 * 128, dtype=np.uint8).reshape(4, 128)
    points = np.zeros((4, 4), np.float32)
    canvas = np.eye(2, 3), (9, 9)
    both = [(points[:2], descriptors[:2], 1, *canvas), (points[2:], descriptors[2:], 2, *canvas)]
    index = local_features.build_exact_index(join(["a", "b"], both), pd.Series(["b"]))
    assert index.ntotal == 2
    _, rows = index.search(descriptors[3:].astype(np.float32), 1)
    assert rows.tolist() == [[3]]


def test_the_gain_is_that_over_the_first_settings():
    first = pd.DataFrame({"votes": [0.0, 1.0, 0.0, 1.0]})
    second = pd.DataFrame({"votes": [1.0, 1.0, 0.0, 1.0], "edge_votes": np.ones(4)})
    clusters = pd.Series(list("abcd"))
    assert local_features.format_scores(first, None, clusters) == ["votes            0.500"]
    votes, edges = local_features.format_scores(second, first, clusters)
    assert (
        votes.startswith("votes            0.750  +0.250 (+0.000 to ")
        and edges == "edge_votes       1.000"
    )
