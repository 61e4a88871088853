"""The photographs that a new one is compared with, and their order."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import features, gallery, tables
from pipeline.identify import comparison
from pipeline.identify.comparison import Query
from pipeline.identify.gallery import Gallery, Kept, LocalGallery
from pipeline.steps.match import edges, match, queries
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.queries import Galleries
from pipeline.steps.weigh.point_weights import PointWeigher
from tests.conftest import ROOT
from tests.pipeline.data.synthetic_edges import KNOWN, build_features


def query(groups: set[int], embeddings: dict[int, np.ndarray] | None = None) -> Query:
    return Query(embeddings or {}, features.build_empty(), groups, PointWeigher())


def stored(**fields) -> Gallery:
    empty = dict(
        folds=None, embeddings={}, held_out=None, tests=[], viewpoint={}, features=None, local=None
    )
    return Gallery(**empty | fields)


@pytest.mark.usefixtures("three_folds")
def test_a_photograph_is_not_compared_with_its_duplicates():
    known = stored(folds=tables.read("folds", paths.FOLDS))
    rows = comparison.comparable_rows(query(set()), known)
    assert rows["image"].tolist() == ["a0", "a1", "b1"]
    assert comparison.comparable_rows(query({0}), known)["image"].tolist() == ["a1", "b1"]


@pytest.mark.usefixtures("three_folds")
def test_a_held_out_photograph_is_compared_with_all_but_its_part():
    """As in the pipeline: a1 with b1, which is in another part of its fold, unless it has one."""
    folds = tables.read("folds", paths.FOLDS)
    apart = comparison.comparable_rows(query({1}), stored(folds=folds))
    assert apart["image"].tolist() == ["a0", "b1"]
    together = comparison.comparable_rows(query({1}), stored(folds=folds.assign(part=0)))
    assert together["image"].tolist() == ["a0"]


@pytest.mark.usefixtures("three_folds")
def test_by_time_a_held_out_photograph_is_compared_with_earlier_seasons():
    """Of folds 0, 1 and 2; not with an enrolled one, which is in no fold."""
    folds = tables.read("folds", paths.FOLDS).assign(part=gallery.SEASON)
    folds.loc[len(folds)] = ["own", "a", 9, "", gallery.NO_FOLD, gallery.NO_FOLD]
    season = folds.set_index("image")["fold"]
    for image, group in zip(folds["image"], folds["group"], strict=True):
        rows = comparison.comparable_rows(query({group}), stored(folds=folds))
        others = set(season[season.index != image].index)
        earlier = set(season[season > season[image]].index)
        assert set(rows["image"]) == (others if image == "own" else earlier)


def test_photographs_that_repeat_no_labelled_one_share_one_gallery():
    names = np.array(["a0", "b0"])
    rows = pd.DataFrame({"image": names, "identity": ["a", "b"], "group": [2, 3]})
    own = {0: gallery.Embeddings(names, np.eye(2, dtype=np.float32))}
    known = stored(folds=rows, embeddings=own, kept=Kept())
    outside = comparison.choose_gallery(query(set()), known, 0, rows)
    for of_the_test in (set(), {4}):
        assert comparison.choose_gallery(query(of_the_test), known, 0, rows) is outside
    inside = comparison.choose_gallery(query({3}), known, 0, rows[:1])
    assert inside.names.tolist() == ["a0"]
    assert known.kept.galleries == {0: outside}


def test_photographs_are_ranked_by_matched_points_then_by_similarity():
    """Similarities 1 and .8 to b's photographs by one member, .6 and 0 by another."""
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    names = np.array(["b0", "b1", "a0"])
    embeddings = {
        0: gallery.Embeddings(names, vectors),
        1: gallery.Embeddings(names, np.array([[0.6, 0.8], [0, 1], [1, 0]], np.float32)),
    }
    vector = np.array([1, 0], np.float32)
    near = pd.DataFrame({"image": ["b0", "b1"], "identity": "b", "inliers": np.nan})
    pairs = pd.DataFrame({"image": ["b1", "a0"], "identity": ["b", "a"], "inliers": [0.0, 7.0]})
    both = query(set(), {0: vector, 1: vector})
    found = comparison.rank_compared(both, stored(embeddings=embeddings), [near, pairs])
    assert found["image"].tolist() == ["a0", "b0", "b1"]
    assert found["points"].tolist() == [7, 0, 0]
    assert found["similarity"].tolist() == pytest.approx([0.5, 0.8, 0.4])


def test_a_new_photograph_is_matched_as_if_its_features_were_among_the_stored_ones():
    """By points and by its trailing edge, which is that of w2."""
    p = params.load(ROOT / "tests/params.yaml")
    known = build_features()
    images = [f"w{individual}_0.png" for individual in range(KNOWN)]
    rows = pd.DataFrame({"image": images, "identity": [name[:2] for name in images]})
    new = features.join([comparison.QUERY], [known.of(known.names.tolist().index("w2_1.png"))])
    everything = Galleries(rows, {comparison.QUERY: rows["image"]}, {})
    nearest = pd.DataFrame({"query": [comparison.QUERY], "rank": [0], "image": ["w0_0.png"]})
    found = comparison.match_features(
        Query({}, new, set(), PointWeigher()),
        stored(features=known),
        LocalGallery(
            Matcher(known, everything, p.match, "sift"),
            edges.build_matcher(known, everything, p.match),
        ),
        rows,
        [nearest.assign(similarity=0.5)],
        p,
    )
    together = features.append(known, new)
    query = {comparison.QUERY: queries.Query(comparison.QUERY, ["w0_0.png"], [], None)}
    expected = match.match_sets(together, everything, {0: query}, p.match, "sift", {})[0]
    for table in ("evidence", "pairs", "points"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(expected, table))
    votes = found.evidence[found.evidence["source"] == "edge_votes"].set_index("identity")["score"]
    assert votes.idxmax() == "w2" and len(found.pairs)


def test_the_features_of_the_photograph_and_of_others_are_joined_by_name():
    p = params.load(ROOT / "tests/params.yaml")
    known = build_features()
    rows = pd.DataFrame({"image": known.names, "identity": known.names})
    matcher = Matcher(known, Galleries(rows, {}, {}), p.match, "sift")
    new = features.join([comparison.QUERY], [known.of(3)])
    guest = matcher.with_guest(new, comparison.QUERY, rows["image"], "")
    names = [comparison.QUERY, str(known.names[5]), str(known.names[1])]
    joined = comparison.join_features(guest, names)
    assert joined.names.tolist() == names
    for place, number in enumerate((3, 5, 1)):
        np.testing.assert_array_equal(joined.of(place).descriptors, known.of(number).descriptors)
        np.testing.assert_array_equal(joined.of(place).edge, known.of(number).edge)


def test_a_new_photograph_is_compared_with_its_viewpoint_and_its_gallery_alone():
    p = params.load(ROOT / "tests/params.yaml")
    known = build_features()
    images = known.names.tolist()
    rows = pd.DataFrame({"image": images, "identity": [name[:2] for name in images]})
    sides = {name: "left" if name.startswith("w1") else "right" for name in images}
    matcher = Matcher(known, Galleries(rows, {}, sides), p.match, "sift")
    new = features.join([comparison.QUERY], [known.of(0)])
    query = queries.Query("all but w2", [], [], None)
    gallery_rows = rows[rows["identity"] != "w2"]
    guest = matcher.with_guest(new, "all but w2", gallery_rows["image"], "right")
    seen = {str(guest.names[image]) for image in guest.match_query(comparison.QUERY, query).pairs}
    allowed = {name for name in gallery_rows["image"] if sides[name] == "right"}
    assert seen and seen <= allowed
    new = features.join([comparison.QUERY], [known.of(images.index("w2_1.png"))])
    free = matcher.with_guest(new, "all but w2", rows["image"], "")
    everywhere = {str(free.names[i]) for i in free.match_query(comparison.QUERY, query).pairs}
    assert everywhere - allowed
    assert comparison.QUERY not in matcher.numbers  # the matcher itself stays as it was
