"""Queries of one set matched with each other, on drawn animals."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import features as local_features
from pipeline.data.features import Features
from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.paths import TEST
from pipeline.steps.keypoints import keypoints
from pipeline.steps.match import peers
from pipeline.steps.match.query_matches import QueryMatches, Selection
from tests.conftest import ROOT
from tests.pipeline.data import synthetic_features

P = params.load(ROOT / "tests/params.yaml")
SECTION = P.match.model_copy(update={"probes": 100, "shortlist": 2})


@pytest.fixture(scope="module")
def features(tmp_path_factory) -> Features:
    """Three individuals, two photographs each."""
    folder = tmp_path_factory.mktemp("photographs")
    table = synthetic_features.images(folder, dict.fromkeys(range(3), 2))
    boxes = synthetic_features.whole(table, folder / "crops.npy")
    section = P.keypoints.model_copy(update={"size": 160, "count": 120, "contrast": 0.01})
    return keypoints.extract(table, boxes, folder / "crops.npy", section)


def rows(images: list[str], kinds: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"image": images, "kind": kinds})


def embed_alike(folds, images) -> np.ndarray:
    """Embeddings that tell nothing."""
    return np.tile(np.float32([1, 0]), (len(images), 1))


def match(features: Features, sets, **changes) -> dict:
    arguments = {"embed": embed_alike, "viewpoints": {}} | changes
    return peers.match_peers(features, sets, *arguments.values(), SECTION, "sift")


def test_photographs_of_one_unknown_individual_match_best(features):
    images = [f"w{i}_{n}.png" for i in range(3) for n in range(2)]
    found = match(features, {TEST: rows(images, ["test"] * 6)})[TEST]
    reversed_pairs = found.pairs.rename(columns={"query": "image", "image": "query"})
    both = pd.concat([found.pairs, reversed_pairs])
    best = both.sort_values("inliers").drop_duplicates("query", keep="last")
    assert sorted(best["query"]) == images
    assert (best["query"].str[:2] == best["image"].str[:2]).all()
    assert not (found.pairs["query"] == found.pairs["image"]).any()
    assert set(found.points["query"]) <= set(images)


def test_a_pair_that_is_in_both_shortlists_is_matched_once(features):
    # each is in the other's shortlist, which has place for both
    images = ["w0_0.png", "w0_1.png", "w1_0.png"]
    found = match(features, {TEST: rows(images, ["test"] * 3)})[TEST]
    pairs = found.pairs[["query", "image"]].to_numpy().tolist()
    assert sorted(map(sorted, pairs)) == [
        ["w0_0.png", "w0_1.png"],
        ["w0_0.png", "w1_0.png"],
        ["w0_1.png", "w1_0.png"],
    ]


def test_a_pair_that_is_in_one_shortlist_alone_stays():
    def select(query: int, *images: int) -> QueryMatches:
        nothing = np.empty(0)
        selections = [Selection(list(images), False, 1.0)]
        return QueryMatches(query, nothing, nothing, nothing, selections, {})

    thinned = peers.leave_out_reversed([select(0, 1), select(1, 0, 2), select(2)])
    assert [one.selections[0].images for one in thinned] == [[1], [2], []]


def test_sets_are_apart_and_those_whom_nobody_knows_are_left_out(features):
    first = rows(["w0_0.png", "w1_0.png", "w2_0.png"], [KNOWN, UNSEEN, LABELLED_NEW])
    second = rows(["w0_1.png", "w1_1.png"], [KNOWN, KNOWN])
    found = match(features, {0: first, 1: second})
    pairs = {key: one.pairs[["query", "image"]].to_numpy().tolist() for key, one in found.items()}
    assert [sorted(pair) for pair in pairs[0]] == [["w0_0.png", "w1_0.png"]]
    assert [sorted(pair) for pair in pairs[1]] == [["w0_1.png", "w1_1.png"]]


def test_held_out_photographs_are_embedded_by_the_member_without_them(features):
    used = {}

    def embed(folds, images):
        used[tuple(images)] = list(folds)
        return embed_alike(folds, images)

    one = {key: rows([f"w{key}_0.png"], [KNOWN]) for key in (0, 2)}
    match(features, one | {TEST: rows(["w1_0.png"], ["test"])}, embed=embed)
    assert used == {("w0_0.png",): [0], ("w2_0.png",): [2], ("w1_0.png",): [0, 2]}


def test_the_nearest_are_comparable_and_not_the_photograph_itself():
    angles = np.deg2rad([0, 10, 20, 90])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    found = peers.find_nearest(pd.Series(list("abcd")), vectors, {"a": "left", "b": "right"}, 2)
    assert found == {"a": ["c", "d"], "b": ["c", "d"], "c": ["b", "a"], "d": ["c", "b"]}


def test_without_local_features_nothing_is_matched():
    found = match(local_features.build_empty(), {0: rows(["a", "b"], [KNOWN, KNOWN])})
    assert found[0].pairs.empty and found[0].points.empty


def test_switched_off_nothing_is_matched(features):
    sets = {0: rows(["a", "b"], [KNOWN, KNOWN])}
    section = SECTION.model_copy(update={"peers": False})
    found = peers.match_peers(features, sets, embed_alike, {}, section, "sift")
    assert list(found) == [0] and found[0].pairs.empty and found[0].points.empty
