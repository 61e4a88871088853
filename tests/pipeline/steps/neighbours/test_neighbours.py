"""Faiss against plain NumPy, and the four scores of hand-made vectors in the plane."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import Embeddings
from pipeline.steps.neighbours import neighbours, scores, search
from tests.conftest import ROOT

SECTION = params.load(ROOT / "tests/params.yaml").neighbours


def at(*degrees: float) -> np.ndarray:
    """Unit vectors in the plane, n x 2."""
    angles = np.radians(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def cosine(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))


def gallery(**angles: list[float]) -> search.Gallery:
    """Identities by name, their photographs by angle."""
    rows = [(f"{name}_{k}", name, a) for name, own in angles.items() for k, a in enumerate(own)]
    table = pd.DataFrame(rows, columns=["image", "identity", "angle"])
    embeddings = Embeddings(table["image"].to_numpy(), at(*table["angle"]))
    return search.gallery_of(embeddings, table)


def scored(shown: search.Gallery, *queries: float, **changes) -> pd.DataFrame:
    """Rows (query, identity), a column a score."""
    section = SECTION.model_copy(update={"vote": 3, "candidates": 5, **changes})
    names = pd.Series([f"q{a:g}" for a in queries])
    table, _ = neighbours.score(names, at(*queries), shown, section, "member", {})
    assert set(table["member"]) == {"member"}
    return table.pivot(index=["query", "identity"], columns="source", values="score")


def random_unit(count: int, seed: int, dim: int = 16) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("changes", [{"index": "exact"}, {"index": "ivf", "lists": 9, "probes": 9}])
def test_the_search_is_numpys(changes):
    """IVF with every list probed is exact too."""
    vectors, queries = random_unit(500, 0), random_unit(40, 1)
    found = search.search(vectors, queries, 7, SECTION.model_copy(update=changes))
    similarity = queries @ vectors.T
    expected = np.argsort(-similarity, axis=1)[:, :7]
    assert np.array_equal(found.rows, expected)
    assert found.similarities == pytest.approx(
        np.take_along_axis(similarity, expected, 1), abs=1e-5
    )


def test_ivf_with_few_probes_finds_most():
    vectors, queries = random_unit(800, 0), random_unit(50, 1)
    few = SECTION.model_copy(update={"index": "ivf", "lists": 20, "probes": 8})
    found = search.search(vectors, queries, 1, few).rows[:, 0]
    share = (found == (queries @ vectors.T).argmax(axis=1)).mean()
    assert 0.6 < share < 1


def test_ivf_on_a_tiny_gallery_has_a_single_cell():
    ivf = SECTION.model_copy(update={"index": "ivf", "lists": 64, "probes": 16})
    assert search.search(at(0, 90), at(80), 5, ivf).rows.tolist() == [[1, 0]]


def test_the_four_scores_by_hand():
    """Query at 0; a at 10 and 30; b at 50; each angle's cosine is its similarity."""
    table = scored(gallery(a=[10, 30], b=[50]), 0)
    a, b = table.loc[("q0", "a")], table.loc[("q0", "b")]
    assert a["nearest"] == pytest.approx(cosine(10))
    assert a["mean"] == pytest.approx((cosine(10) + cosine(30)) / 2)
    assert a["centre"] == pytest.approx(cosine(20))
    assert b[["nearest", "mean", "centre"]].tolist() == pytest.approx([cosine(50)] * 3)
    total = cosine(10) + cosine(30) + cosine(50)
    assert a["vote"] == pytest.approx((cosine(10) + cosine(30)) / total)
    assert b["vote"] == pytest.approx(cosine(50) / total)


def test_only_the_nearest_vote():
    table = scored(gallery(a=[10, 30], b=[20, 50]), 0, vote=2)
    total = cosine(10) + cosine(20)
    assert table.loc[("q0", "a"), "vote"] == pytest.approx(cosine(10) / total)
    assert table.loc[("q0", "b"), "vote"] == pytest.approx(cosine(20) / total)


def test_an_opposite_photograph_has_no_vote():
    table = scored(gallery(a=[10], b=[180]), 0)
    assert table["vote"].tolist() == pytest.approx([1, 0])


def test_an_outlier_is_left_out_of_the_centre_alone():
    """Nine photographs at 20 degrees and one at 110: the centre stays at 20."""
    shown = gallery(a=[20] * 9 + [110])
    means, centres = scores.prototypes(shown, 1.5)
    assert centres[0] == pytest.approx(at(20)[0], abs=1e-6)
    assert means[0] == pytest.approx(at(*[20] * 9, 110).mean(axis=0), abs=1e-6)


def test_the_nearest_half_stays_however_strict_the_limit():
    """Around 40 the nearest half are 35 and 45, whatever the number of deviations."""
    _, centres = scores.prototypes(gallery(a=[0, 35, 45, 80]), 1e-6)
    assert centres[0] == pytest.approx(at(40)[0], abs=1e-6)


def test_every_search_proposes_candidates():
    """a has the nearest photograph, c's centre is nearest, and no vote or mean speaks for d."""
    shown = gallery(a=[2, 178], b=[60, 62], c=[-10, 30], d=[120, 121])
    table = scored(shown, 0, candidates=1, images=1, vote=1)
    assert table.reset_index()["identity"].tolist() == ["a", "c"]
    assert not table.isna().any().any()


def test_more_wanted_than_there_is():
    shown = gallery(a=[10], b=[90])
    table = scored(shown, 0, 45, images=100, candidates=50, vote=10)
    assert len(table) == 4


def test_a_gallery_of_one_photograph():
    table = scored(gallery(only=[30]), 0, 100)
    assert table["vote"].tolist() == pytest.approx([1, 1])
    assert table["nearest"].tolist() == pytest.approx([cosine(30), cosine(70)], abs=1e-6)


def test_an_empty_gallery_says_so():
    none = pd.DataFrame({"image": [], "identity": []}, dtype=str)
    with pytest.raises(ValueError, match="gallery is empty"):
        search.gallery_of(Embeddings(np.array(["a"]), at(0)), none)


def test_ties_are_the_same_every_time_and_in_any_order_of_the_rows():
    rows = pd.DataFrame({"image": list("abcd"), "identity": ["x", "x", "y", "z"]})
    embeddings = Embeddings(rows["image"].to_numpy(), at(20, 20, 20, 20))
    names = pd.Series(["q"])
    answers = [
        neighbours.score(names, at(0), search.gallery_of(embeddings, order), SECTION, "m", {})[0]
        for order in (rows, rows[::-1], rows.sample(frac=1, random_state=0))
    ]
    assert answers[0].equals(answers[1]) and answers[0].equals(answers[2])


def test_many_pairs_are_scored_in_blocks(monkeypatch):
    shown = gallery(a=[10, 30], b=[50], c=[70, 80, 90])
    whole = scored(shown, 0, 20, 40)
    monkeypatch.setattr(scores, "PAIRS_AT_ONCE", 2)
    assert whole.equals(scored(shown, 0, 20, 40))


def test_the_table_names_the_neighbours():
    shown = gallery(b=[50], a=[10, 30])
    _, found = neighbours.score(pd.Series(["q"]), at(0), shown, SECTION, "m", {})
    table = neighbours.table(pd.Series(["q"]), shown, found)
    assert table.columns.tolist() == ["query", "rank", "image", "identity", "similarity"]
    assert table["rank"].tolist() == [0, 1, 2]
    assert table["image"].tolist() == ["a_0", "a_1", "b_0"]
    assert table["identity"].tolist() == ["a", "a", "b"]
    assert table["similarity"].tolist() == pytest.approx([cosine(10), cosine(30), cosine(50)])


def test_the_table_leaves_out_what_ivf_did_not_find():
    shown = gallery(a=[10], b=[20])
    found = search.Found(np.array([[1, -1]]), np.array([[0.9, -1.0]]))
    table = neighbours.table(pd.Series(["q"]), shown, found)
    assert table["image"].tolist() == ["b_0"]


def test_two_known_sides_are_not_compared():
    """a's right flank (a_1) looks like the query's left one; b's side is unknown."""
    shown = gallery(a=[80, 2], b=[30], c=[1])
    side = {"q0": "left", "a_0": "left", "a_1": "right", "c_0": "right"}
    names = pd.Series(["q0", "q5"])
    table, found = neighbours.score(names, at(0, 5), shown, SECTION, "m", side)
    wide = table.pivot(index=["query", "identity"], columns="source", values="score")
    assert wide.loc[("q0", "a"), "nearest"] == pytest.approx(cosine(80), abs=1e-6)
    assert wide.loc[("q0", "a"), "mean"] == pytest.approx(cosine(80), abs=1e-6)
    assert ("q0", "c") not in wide.index
    near = neighbours.table(names, shown, found)
    told = near.groupby("query")["image"].agg(list).to_dict()
    assert told == {"q0": ["b_0", "a_0"], "q5": ["a_1", "c_0", "b_0", "a_0"]}
    # a query of an unknown side is compared with all, as if there were no sides
    alone, _ = neighbours.score(names[1:], at(5), shown, SECTION, "m", {})
    own = table[table["query"] == "q5"].sort_values(["source", "identity"], ignore_index=True)
    pd.testing.assert_frame_equal(own, alone.sort_values(["source", "identity"], ignore_index=True))


def test_a_side_that_no_photograph_shows_has_no_answer():
    shown = gallery(a=[0, 1])
    side = {"q": "left", "a_0": "right", "a_1": "right"}
    table, found = neighbours.score(pd.Series(["q"]), at(0), shown, SECTION, "m", side)
    assert table.empty
    assert neighbours.table(pd.Series(["q"]), shown, found).empty
