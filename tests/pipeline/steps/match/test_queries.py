"""The galleries of the queries, and the photographs to verify, by hand."""

import pandas as pd

from pipeline.data import gallery
from pipeline.steps.match import queries
from pipeline.steps.match.queries import Query

ROWS = [("a", "w1", 0, 0, 0), ("b", "w1", 1, 0, 1), ("c", "w2", 2, 1, 0), ("d", "w2", 2, 1, 0)]
FOLDS = pd.DataFrame(ROWS, columns=["image", "identity", "group", "fold", "part"])
FOLDS = FOLDS.assign(only_fold="")
TEST = gallery.test_rows(pd.DataFrame({"image": ["t", "u"], "split": "test"}))


def test_every_query_has_the_gallery_of_its_part():
    held_out = gallery.held_out_rows(FOLDS, [0, 1])
    galleries = queries.build_galleries(FOLDS, pd.concat([held_out, TEST]), {"a": "left"})
    images = {key: set(names) for key, names in galleries.images.items()}
    assert images == {
        (0, 0): {"b", "c", "d"},
        (0, 1): {"a", "c", "d"},
        (1, 0): {"a", "b"},
        (-1, -1): {"a", "b", "c", "d"},
    }
    assert galleries.rows["image"].tolist() == ["a", "b", "c", "d"]
    found = queries.build_queries(held_out, {"a": ["c", "b"]}, {})
    assert found["a"] == Query((0, 0), ["c", "b"], [], "w1")
    assert found["c"] == Query((1, 0), [], [], "new_whale")
    assert all(query.gallery in galleries.images for query in found.values())


def test_a_test_query_has_no_truth_and_all_copies_of_itself():
    table = pd.DataFrame({"image": ["t", "u"], "duplicate_of": ["d", "z"]})
    copies = queries.find_duplicates(table, gallery.gallery_rows(FOLDS))
    found = queries.build_queries(TEST, {}, copies)
    assert found == {
        "t": Query((-1, -1), [], ["c", "d"], None),
        "u": Query((-1, -1), [], [], None),
    }


def test_the_nearest_of_several_members_are_merged_by_their_best_rank():
    """Two of q's: x is first by one member, y by the other and more similar; z is second by both.

    r is a query of one member alone, whose order is kept.
    """
    rows = [("q", 0, "x", 0.7), ("q", 1, "z", 0.6), ("r", 0, "z", 0.9), ("r", 1, "x", 0.8)]
    columns = ["query", "rank", "image", "similarity"]
    first = pd.DataFrame([*rows, ("r", 2, "y", 0.7)], columns=columns)
    second = pd.DataFrame([("q", 0, "y", 0.8), ("q", 1, "z", 0.9)], columns=columns)
    assert queries.merge_nearest([first, second], 2) == {"q": ["y", "x"], "r": ["z", "x"]}
    assert queries.merge_nearest([first, second], 9)["q"] == ["y", "x", "z"]
