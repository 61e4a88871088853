"""Faiss compared with NumPy, and the four scores of vectors in the plane, by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import gallery as gallery_rows
from pipeline.data.gallery import Embeddings
from pipeline.steps.neighbours import scores, search
from pipeline.steps.neighbours.neighbours import build_table, score_member, score_queries
from tests.conftest import ROOT

SECTION = params.load(ROOT / "tests/params.yaml").neighbours


def at(*degrees: float) -> np.ndarray:
    """Unit vectors in the plane, n x 2."""
    angles = np.radians(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def cosine(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))


def build_gallery(**angles: list[float]) -> search.Gallery:
    """Identities by name, their photographs by angle."""
    rows = [
        (f"{name}_{k}", name, a) for name, degrees in angles.items() for k, a in enumerate(degrees)
    ]
    table = pd.DataFrame(rows, columns=["image", "identity", "angle"])
    embeddings = Embeddings(table["image"].to_numpy(), at(*table["angle"]))
    return search.build_gallery(embeddings, table)


def score(gallery: search.Gallery, *queries: float, **changes) -> pd.DataFrame:
    """Rows (query, identity), one column per score."""
    section = SECTION.model_copy(update={"vote": 3, "candidates": 5, **changes})
    names = pd.Series([f"q{a:g}" for a in queries])
    table, _ = score_queries(names, at(*queries), gallery, section, "member", {})
    assert set(table["member"]) == {"member"}
    return table.pivot(index=["query", "identity"], columns="source", values="score")


def random_unit(count: int, seed: int, dim: int = 16) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("changes", [{"index": "exact"}, {"index": "ivf", "lists": 9, "probes": 9}])
def test_the_search_equals_numpy(changes):
    """IVF with every list probed is exact too."""
    vectors, queries = random_unit(500, 0), random_unit(40, 1)
    nearest = search.search(vectors, queries, 7, SECTION.model_copy(update=changes))
    similarity = queries @ vectors.T
    expected = np.argsort(-similarity, axis=1)[:, :7]
    assert np.array_equal(nearest.rows, expected)
    assert nearest.similarities == pytest.approx(
        np.take_along_axis(similarity, expected, 1), abs=1e-5
    )


def test_ivf_with_few_probes_finds_most():
    vectors, queries = random_unit(800, 0), random_unit(50, 1)
    few = SECTION.model_copy(update={"index": "ivf", "lists": 20, "probes": 8})
    found = search.search(vectors, queries, 1, few).rows[:, 0]
    fraction = (found == (queries @ vectors.T).argmax(axis=1)).mean()
    assert 0.6 < fraction < 1


def test_ivf_on_a_tiny_gallery_has_a_single_cell():
    ivf = SECTION.model_copy(update={"index": "ivf", "lists": 64, "probes": 16})
    assert search.search(at(0, 90), at(80), 5, ivf).rows.tolist() == [[1, 0]]


def test_the_four_scores_by_hand():
    """Query at 0; a at 10 and 30; b at 50; each angle's cosine is its similarity."""
    table = score(build_gallery(a=[10, 30], b=[50]), 0)
    a, b = table.loc[("q0", "a")], table.loc[("q0", "b")]
    assert a["nearest"] == pytest.approx(cosine(10))
    assert a["mean"] == pytest.approx((cosine(10) + cosine(30)) / 2)
    assert a["centre"] == pytest.approx(cosine(20))
    assert b[["nearest", "mean", "centre"]].tolist() == pytest.approx([cosine(50)] * 3)
    total = cosine(10) + cosine(30) + cosine(50)
    assert a["vote"] == pytest.approx((cosine(10) + cosine(30)) / total)
    assert b["vote"] == pytest.approx(cosine(50) / total)


def test_only_the_nearest_photographs_vote():
    table = score(build_gallery(a=[10, 30], b=[20, 50]), 0, vote=2)
    total = cosine(10) + cosine(20)
    assert table.loc[("q0", "a"), "vote"] == pytest.approx(cosine(10) / total)
    assert table.loc[("q0", "b"), "vote"] == pytest.approx(cosine(20) / total)


def test_an_opposite_photograph_has_no_vote():
    table = score(build_gallery(a=[10], b=[180]), 0)
    assert table["vote"].tolist() == pytest.approx([1, 0])


def test_an_outlier_is_left_out_of_the_centre_but_not_of_the_mean():
    """Nine photographs at 20 degrees and one at 110: the centre stays at 20."""
    gallery = build_gallery(a=[20] * 9 + [110])
    directions, lengths, centres = scores.compute_prototypes(gallery, 1.5)
    assert centres[0] == pytest.approx(at(20)[0], abs=1e-6)
    assert lengths[0] * directions[0] == pytest.approx(at(*[20] * 9, 110).mean(axis=0), abs=1e-6)


def test_the_nearest_half_always_stays():
    """Around 40 the nearest half are 35 and 45, whatever the number of deviations."""
    _, _, centres = scores.compute_prototypes(build_gallery(a=[0, 35, 45, 80]), 1e-6)
    assert centres[0] == pytest.approx(at(40)[0], abs=1e-6)


def test_every_search_proposes_candidates():
    """a has the nearest photograph, c's centre is nearest, and d is proposed by none."""
    gallery = build_gallery(a=[2, 178], b=[60, 62], c=[-10, 30], d=[120, 121])
    table = score(gallery, 0, candidates=1, images=1, vote=1)
    assert table.reset_index()["identity"].tolist() == ["a", "c"]
    assert not table.isna().any().any()


def test_counts_above_the_size_of_the_gallery():
    gallery = build_gallery(a=[10], b=[90])
    table = score(gallery, 0, 45, images=100, candidates=50, vote=10)
    assert len(table) == 4


def test_a_gallery_of_one_photograph():
    table = score(build_gallery(only=[30]), 0, 100)
    assert table["vote"].tolist() == pytest.approx([1, 1])
    assert table["nearest"].tolist() == pytest.approx([cosine(30), cosine(70)], abs=1e-6)


def test_an_empty_gallery_is_an_error():
    empty = pd.DataFrame({"image": [], "identity": []}, dtype=str)
    with pytest.raises(ValueError, match="gallery is empty"):
        search.build_gallery(Embeddings(np.array(["a"]), at(0)), empty)


def test_ties_do_not_depend_on_the_order_of_rows():
    rows = pd.DataFrame({"image": list("abcd"), "identity": ["x", "x", "y", "z"]})
    embeddings = Embeddings(rows["image"].to_numpy(), at(20, 20, 20, 20))
    names = pd.Series(["q"])
    tables = [
        score_queries(names, at(0), search.build_gallery(embeddings, order), SECTION, "m", {})[0]
        for order in (rows, rows[::-1], rows.sample(frac=1, random_state=0))
    ]
    assert tables[0].equals(tables[1]) and tables[0].equals(tables[2])


def test_many_pairs_are_scored_in_blocks(monkeypatch):
    gallery = build_gallery(a=[10, 30], b=[50], c=[70, 80, 90])
    whole = score(gallery, 0, 20, 40)
    monkeypatch.setattr(scores, "PAIRS_AT_ONCE", 2)
    assert whole.equals(score(gallery, 0, 20, 40))


def test_the_table_names_the_neighbours():
    gallery = build_gallery(b=[50], a=[10, 30])
    _, nearest = score_queries(pd.Series(["q"]), at(0), gallery, SECTION, "m", {})
    table = build_table(pd.Series(["q"]), gallery, nearest)
    assert table.columns.tolist() == ["query", "rank", "image", "identity", "similarity"]
    assert table["rank"].tolist() == [0, 1, 2]
    assert table["image"].tolist() == ["a_0", "a_1", "b_0"]
    assert table["identity"].tolist() == ["a", "a", "b"]
    assert table["similarity"].tolist() == pytest.approx([cosine(10), cosine(30), cosine(50)])


def test_the_table_leaves_out_rows_that_ivf_did_not_find():
    gallery = build_gallery(a=[10], b=[20])
    nearest = search.Nearest(np.array([[1, -1]]), np.array([[0.9, -1.0]]))
    table = build_table(pd.Series(["q"]), gallery, nearest)
    assert table["image"].tolist() == ["b_0"]


def test_two_known_viewpoints_are_not_compared():
    """a_1, from the right, resembles the query from the left; b has no known viewpoint."""
    gallery = build_gallery(a=[80, 2], b=[30], c=[1])
    viewpoint = {"q0": "left", "a_0": "left", "a_1": "right", "c_0": "right"}
    names = pd.Series(["q0", "q5"])
    table, nearest = score_queries(names, at(0, 5), gallery, SECTION, "m", viewpoint)
    wide = table.pivot(index=["query", "identity"], columns="source", values="score")
    assert wide.loc[("q0", "a"), "nearest"] == pytest.approx(cosine(80), abs=1e-6)
    assert wide.loc[("q0", "a"), "mean"] == pytest.approx(cosine(80), abs=1e-6)
    assert ("q0", "c") not in wide.index
    images = build_table(names, gallery, nearest).groupby("query")["image"].agg(list)
    assert images.to_dict() == {"q0": ["b_0", "a_0"], "q5": ["a_1", "c_0", "b_0", "a_0"]}
    # a query of an unknown viewpoint is compared with all, as if no viewpoint were known
    alone, _ = score_queries(names[1:], at(5), gallery, SECTION, "m", {})
    rows = table[table["query"] == "q5"].sort_values(["source", "identity"], ignore_index=True)
    pd.testing.assert_frame_equal(
        rows, alone.sort_values(["source", "identity"], ignore_index=True)
    )


def test_a_viewpoint_without_gallery_photographs_has_no_evidence():
    gallery = build_gallery(a=[0, 1])
    viewpoint = {"q": "left", "a_0": "right", "a_1": "right"}
    table, nearest = score_queries(pd.Series(["q"]), at(0), gallery, SECTION, "m", viewpoint)
    assert table.empty
    assert build_table(pd.Series(["q"]), gallery, nearest).empty


def test_each_query_is_scored_as_if_its_gallery_were_the_only_one():
    """Two folds of two parts and the test; the nearest are those that NumPy finds."""
    count = 40
    vectors = random_unit(count + 3, 7)
    names = np.array([*(f"p{i}" for i in range(count)), "t0", "t1", "t2"])
    embeddings = Embeddings(names, vectors)
    numbers = np.arange(count)
    folds = pd.DataFrame({"image": names[:count], "identity": [f"w{i % 9}" for i in numbers]})
    folds = folds.assign(group=numbers, only_fold="", fold=numbers % 2, part=numbers // 2 % 2)
    tests = pd.DataFrame({"image": names[count:], "split": "test"})
    queries = gallery_rows.query_rows(folds, tests, 1)
    table, nearest = score_member(queries, folds, embeddings, SECTION, "m", {})
    assert set(nearest["query"]) == set(queries["image"])
    scored = table[table["source"] == "nearest"].set_index(["query", "identity"])["score"]
    for query in queries.itertuples():
        rows = gallery_rows.gallery_rows(folds, query.fold, query.part)
        similarity = embeddings.of(rows["image"]) @ embeddings.of(pd.Series([query.image]))[0]
        best = pd.Series(similarity).groupby(rows["identity"].to_numpy()).max()
        assert scored[query.image].idxmax() == best.idxmax()
        assert scored[query.image].max() == pytest.approx(best.max(), abs=1e-5)
        own = nearest[nearest["query"] == query.image]
        assert own["image"].iloc[0] == rows["image"].iloc[similarity.argmax()]
        assert set(own["image"]) <= set(rows["image"]) and query.image not in set(own["image"])
