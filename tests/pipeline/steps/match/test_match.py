"""The step `match` on a small gallery and its queries."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import evidence
from pipeline.data import gallery as gallery_kinds
from pipeline.data.features import Features
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.keypoints import keypoints
from pipeline.steps.match import geometry, match, pairs
from pipeline.steps.match import index as feature_index
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.matches import Matches
from pipeline.steps.match.queries import Galleries, Query, find_duplicates
from pipeline.steps.match.tabulate import PAIR_COLUMNS, POINT_COLUMNS
from pipeline.system.errors import UserError
from tests.conftest import ROOT
from tests.pipeline.data import synthetic_features

P = params.load(ROOT / "tests/params.yaml")
SECTION = P.match.model_copy(update={"probes": 100, "shortlist": 4})
NEAREST: dict[str, list[str]] = {}
DUPLICATES = pd.DataFrame({"image": [], "duplicate_of": [], "identity": []})
PHOTOGRAPHS, KNOWN, UNKNOWN = 4, 5, 5


@pytest.fixture(scope="module")
def features(tmp_path_factory) -> Features:
    """Five known individuals and an unknown one, four photographs each."""
    folder = tmp_path_factory.mktemp("photographs")
    table = synthetic_features.images(folder, dict.fromkeys(range(KNOWN + 1), PHOTOGRAPHS))
    boxes = synthetic_features.whole(table, folder / "crops.npy")
    section = P.keypoints.model_copy(update={"size": 160, "count": 120, "contrast": 0.01})
    return keypoints.extract(table, boxes, folder / "crops.npy", section)


def gallery() -> pd.DataFrame:
    """The first three photographs of each known individual."""
    names = [(f"w{i}_{n}.png", f"w{i}") for i in range(KNOWN) for n in range(PHOTOGRAPHS - 1)]
    return pd.DataFrame(names, columns=["image", "identity"]).assign(group=range(len(names)))


def queries() -> pd.DataFrame:
    """The last photograph of each individual."""
    names = [f"w{i}_{PHOTOGRAPHS - 1}.png" for i in range(KNOWN + 1)]
    truths = [f"w{i}" for i in range(KNOWN)] + [NEW_WHALE]
    return pd.DataFrame({"image": names, "kind": gallery_kinds.KNOWN, "truth": truths})


def build_set(
    gallery, queries, nearest=NEAREST, duplicates=DUPLICATES, key="all"
) -> dict[str, Query]:
    """Queries of one gallery."""
    copies = find_duplicates(duplicates, gallery)
    return {
        name: Query(
            key,
            nearest.get(name, []),
            copies.get(name, []),
            None if kind == gallery_kinds.TEST else truth,
        )
        for name, kind, truth in queries[["image", "kind", "truth"]].itertuples(index=False)
    }


def match_all(
    features: Features,
    gallery,
    queries,
    section,
    nearest=NEAREST,
    duplicates=DUPLICATES,
    viewpoints=None,
) -> Matches:
    """What is found for a single set of queries with one gallery."""
    galleries = Galleries(gallery, {"all": gallery["image"]}, viewpoints or {})
    sets = {0: build_set(gallery, queries, nearest, duplicates)}
    return match.match_sets(features, galleries, sets, section, "sift", {})[0]


def match_one_set(*args, **others) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Evidence and pairs of `match_all`."""
    found = match_all(*args, **others)
    return found.evidence, found.pairs


def scores(
    features: Features,
    nearest=NEAREST,
    duplicates=DUPLICATES,
    query_rows=None,
    gallery_rows=None,
    viewpoints=None,
    **changes,
) -> pd.DataFrame:
    """One row per (query, identity), one column per source."""
    section = SECTION.model_copy(update=changes)
    query_rows = queries() if query_rows is None else query_rows
    gallery_rows = gallery() if gallery_rows is None else gallery_rows
    found, _ = match_one_set(
        features, gallery_rows, query_rows, section, nearest, duplicates, viewpoints
    )
    assert (found["member"] == evidence.LOCAL).all()
    return found.pivot(index=["query", "identity"], columns="source", values="score")


@pytest.mark.parametrize("source", ["votes", "inliers"])
def test_the_right_individual_scores_highest(features, source):
    found = scores(features)[source]
    for i in range(KNOWN):
        assert found.loc[f"w{i}_3.png"].idxmax() == f"w{i}"


def test_an_unknown_individual_scores_lower_than_every_known_one(features):
    found = scores(features)["inliers"].groupby("query").max()
    assert found[f"w{UNKNOWN}_3.png"] < found.drop(f"w{UNKNOWN}_3.png").min()


def test_ratio_and_coverage_are_fractions_and_inliers_are_counts(features):
    found = scores(features).dropna()
    assert found["ratio"].between(0, 1).all() and found["coverage"].between(0, 1).all()
    assert (found["inliers"] % 1 == 0).all() and found["coverage"].max() > 0.2


def test_only_the_shortlist_is_verified(features):
    found = scores(features, shortlist=1)
    assert (found.groupby("query")["inliers"].count() == 1).all()
    assert found["votes"].notna().all()


def test_the_nearest_by_embedding_are_verified_too(features):
    nearest = {"w0_3.png": ["w4_0.png"]}
    found = scores(features, nearest=nearest, shortlist=1)["inliers"].loc["w0_3.png"].dropna()
    assert set(found.index) == {"w0", "w4"}


def test_a_duplicate_of_the_query_does_not_vote(features):
    """Without the duplicate, w0 has two photographs; if all three are duplicates, it has none."""
    table = pd.DataFrame({"image": ["w0_3.png"], "duplicate_of": ["w0_0.png"], "identity": ["w0"]})
    fewer, everything = scores(features, duplicates=table), scores(features)
    assert 0 < fewer.loc[("w0_3.png", "w0"), "votes"] < everything.loc[("w0_3.png", "w0"), "votes"]
    duplicates = gallery()
    duplicates.loc[duplicates["identity"] == "w0", "group"] = 0  # three of one photograph
    gone = scores(features, duplicates=table, gallery_rows=duplicates)
    assert ("w0_3.png", "w0") not in gone.index
    pd.testing.assert_frame_equal(gone.loc[["w1_3.png"]], everything.loc[["w1_3.png"]])


def test_candidates_limits_the_votes_beside_what_is_verified(features):
    found = scores(features, candidates=1, shortlist=1)
    assert found.groupby("query").size().between(1, 2).all()


def test_a_query_without_features_has_no_evidence_and_affects_no_other(features):
    blank = Features(
        np.append(features.names, "blank.png"),
        np.append(features.starts, features.starts[-1]),
        np.append(features.ends, features.starts[-1]),
        features.points,
        features.descriptors,
        np.concatenate([features.canvases, features.canvases[:1]]),
        np.concatenate([features.sizes, features.sizes[:1]]),
    )
    two = queries()[:2].assign(image=["blank.png", "w1_3.png"])
    assert set(scores(blank, query_rows=two).index.get_level_values("query")) == {"w1_3.png"}


def test_no_query_or_an_empty_gallery_gives_no_evidence(features):
    for rows, query_rows in ((gallery(), queries()[:0]), (gallery()[:0], queries())):
        found, pairs = match_one_set(features, rows, query_rows, SECTION)
        assert found.empty and pairs.empty


def test_a_gallery_photograph_without_features_is_named(features):
    other = pd.concat([gallery(), gallery()[:1].assign(image="nowhere.png")])
    with pytest.raises(UserError, match="nowhere.png.*run the pipeline again"):
        scores(features, gallery_rows=other)


def test_without_keypoints_the_tables_are_valid_and_empty(tmp_path):
    none = keypoints.extract(None, None, None, P.keypoints.model_copy(update={"enabled": False}))
    found = match_all(none, gallery(), queries(), SECTION)
    assert found.pairs.empty and found.pairs.columns.tolist() == PAIR_COLUMNS
    assert found.points.empty and found.points.columns.tolist() == POINT_COLUMNS
    evidence.save(found.evidence, tmp_path / "evidence.parquet")
    assert evidence.load(tmp_path / "evidence.parquet").empty


def test_an_identity_has_the_scores_of_its_best_photograph(features):
    found, pairs = match_one_set(features, gallery(), queries(), SECTION)
    assert pairs["image"].isin(gallery()["image"]).all() and not pairs.duplicated().any()
    best = pairs[~pairs["random"]].groupby(["query", "identity"])["inliers"].max()
    inliers = found[found["source"] == "inliers"].set_index(["query", "identity"])["score"]
    pd.testing.assert_series_equal(inliers.sort_index(), best, check_names=False)


def test_every_inlier_is_described(features):
    found = match_all(features, gallery(), queries(), SECTION)
    counted = found.points.groupby(["query", "image"]).size()
    pairs = found.pairs.set_index(["query", "image"])["inliers"]
    assert counted.sum() > 0
    pd.testing.assert_series_equal(
        counted.sort_index(), pairs[pairs > 0].astype(int).sort_index(), check_names=False
    )
    assert found.points[["x", "y", "gallery_x", "gallery_y"]].stack().between(0, 1).all()
    assert found.points["ratio"].max() < SECTION.ratio + 0.01


def test_random_pairs_stand_for_all_that_was_not_shortlisted(features):
    """Each query's weights add up to its gallery; random pairs are no evidence."""
    few = SECTION.model_copy(update={"shortlist": 1, "random_pairs": 2})
    found, pairs = match_one_set(features, gallery(), queries(), few)
    assert (pairs.groupby("query")["weight"].sum() == len(gallery())).all()
    sampled = pairs[pairs["random"]]
    assert sampled.groupby("query").size().tolist() == [4] * KNOWN + [2]
    # w0's other two photographs stand for themselves, 2 of other individuals for 12
    of_w0 = sampled[sampled["query"] == "w0_3.png"]
    weights = of_w0.groupby(of_w0["identity"] == "w0")["weight"]
    assert weights.agg(list).to_dict() == {True: [1, 1], False: [6, 6]}
    more = few.model_copy(update={"random_pairs": 5})
    with_more, _ = match_one_set(features, gallery(), queries(), more)
    pd.testing.assert_frame_equal(found, with_more)


def test_no_pairs_are_sampled_for_the_tests_queries(features):
    test = queries().assign(kind=gallery_kinds.TEST)
    _, pairs = match_one_set(features, gallery(), test, SECTION)
    assert not pairs["random"].any() and (pairs["weight"] == 1).all()


def test_a_pair_is_not_both_shortlisted_and_sampled(features):
    large = SECTION.model_copy(update={"shortlist": 100})
    _, pairs = match_one_set(features, gallery(), queries(), large)
    verified = pairs.groupby("query")["image"].nunique()
    assert (verified <= len(gallery())).all() and not pairs.duplicated(["query", "image"]).any()


def test_the_same_seed_gives_the_same_scores(features):
    pd.testing.assert_frame_equal(scores(features), scores(features))


def test_sets_matched_together_score_as_each_alone(features, monkeypatch):
    """The test's gallery has all but w3; a held-out query of w0, one of whose photographs it lacks.

    Queries of two sets and two galleries, and two galleries in one set. The index of each is
    another one: so many candidates that all find the nearest.
    """
    monkeypatch.setattr(feature_index, "CANDIDATES", 20)
    everything = gallery()[gallery()["identity"] != "w3"]
    lacking = everything[everything["image"] != "w0_1.png"]
    galleries = Galleries(everything, {"test": everything["image"], "part": lacking["image"]}, {})
    test = build_set(everything, queries()[:3].assign(kind=gallery_kinds.TEST), key="test")
    held_out = build_set(lacking, queries()[:1].assign(image="w0_1.png"), key="part")
    sets = {0: held_out | build_set(lacking, queries()[3:], key="part"), "test": test}
    found = match.match_sets(features, galleries, sets, SECTION, "sift", {})
    for key, rows in ((0, lacking), ("test", everything)):
        assert set(found[key].pairs["query"]) == set(sets[key])
        one = Galleries(rows, {next(iter(galleries.images)) if key else "part": rows["image"]}, {})
        alone = match.match_sets(features, one, {key: sets[key]}, SECTION, "sift", {})[key]
        columns = ["query", "identity", "source"]
        tables = [
            matched.evidence.sort_values(columns, ignore_index=True)
            for matched in (found[key], alone)
        ]
        pd.testing.assert_frame_equal(*tables)
        columns = ["query", "image"]
        tables = [
            matched.pairs[~matched.pairs["random"]].sort_values(columns, ignore_index=True)
            for matched in (found[key], alone)
        ]
        pd.testing.assert_frame_equal(*tables)
    assert "w0_1.png" not in set(found[0].pairs["image"])
    assert "w0_1.png" in set(found["test"].pairs["image"])


def test_a_query_is_searched_once_and_a_pair_verified_once(features, monkeypatch):
    searched, verified = [], []
    search, verify = match.Matcher.search, match.Matcher.verify

    def note_search(self, image, *args):
        searched.append(image)
        return search(self, image, *args)

    def note_verification(self, found):
        verified.append(found.query)
        return verify(self, found)

    monkeypatch.setattr(match.Matcher, "search", note_search)
    monkeypatch.setattr(match.Matcher, "verify", note_verification)
    match_all(features, gallery(), queries(), SECTION)
    assert len(searched) == len(set(searched)) == len(queries())
    assert sorted(verified) == sorted(searched)


def test_another_viewpoint_has_no_vote_and_is_not_verified(features):
    """All but the first of w0's photographs have another viewpoint; w1's are unknown."""
    query = f"w0_{PHOTOGRAPHS - 1}.png"
    others = ["w0_1.png", "w0_2.png"]
    viewpoints = {query: "left", "w0_0.png": "left", **dict.fromkeys(others, "right")}
    first = queries()[:1]
    _, pairs = match_one_set(features, gallery(), first, SECTION, viewpoints=viewpoints)
    assert "w0_0.png" in set(pairs["image"]) and not set(others) & set(pairs["image"])
    votes = scores(features, query_rows=first, viewpoints=viewpoints).loc[(query, "w0"), "votes"]
    assert votes < scores(features, query_rows=first).loc[(query, "w0"), "votes"]
    left = gallery()[~gallery()["image"].isin(others)]
    without = scores(features, query_rows=first, gallery_rows=left).loc[(query, "w0"), "votes"]
    assert votes == pytest.approx(without, rel=0.05)


def scene(individual: int, left: int) -> np.ndarray:
    """An animal of 40 x 60 pixels before a background that is always the same."""
    pixels = synthetic_features.animal(99).copy()
    pixels[30:90, left : left + 40] = synthetic_features.animal(individual)[30:90, 50:90]
    return pixels


def match_scenes(
    folder: Path, first: np.ndarray, second: np.ndarray, around: int
) -> geometry.PairMatches:
    """Match two scenes; the masks let in the background right of the animal."""
    names = ["first.png", "second.png"]
    for name, pixels in zip(names, (first, second), strict=True):
        cv2.imwrite(str(folder / name), pixels)
    table = pd.DataFrame({"image": names, "path": [str(folder / name) for name in names]})
    masks = np.zeros((2, 60, 80), np.uint8)
    masks[:, 15:45, 10:] = 255
    boxes = synthetic_features.whole(table, folder / "crops.npy", masks)
    changes = {"size": 160, "count": 120, "contrast": 0.01, "padding": 1.0, "around": around}
    section = P.keypoints.model_copy(update=changes)
    features = keypoints.extract(table, boxes, folder / "crops.npy", section)
    match_points = pairs.load_point_matcher("sift", SECTION)
    (matches,) = pairs.match_photographs(features, 0, [1], match_points, SECTION)
    return matches


@pytest.mark.parametrize(("around", "counted"), [(0, True), (60, False)])
def test_matches_of_a_shared_background_do_not_count(tmp_path, around, counted):
    """Two animals at one place."""
    found = match_scenes(tmp_path, scene(0, 20), scene(1, 40), around)
    assert (found.inliers >= 8) == counted
    assert (found.background > 0) != counted


def test_an_animal_that_stood_still_is_left_out_with_its_background(tmp_path):
    """Its points move as those of a bush do; how many they are is counted."""
    moved = match_scenes(tmp_path, scene(0, 20), scene(0, 40), 60)
    still = match_scenes(tmp_path, scene(0, 20), scene(0, 20), 60)
    assert moved.inliers >= 4 and still.inliers == 0
    assert still.background >= moved.background + moved.inliers


def test_a_rare_viewpoint_gets_votes(features):
    """Only one photograph of the gallery, of the query's individual, has its viewpoint."""
    query = f"w0_{PHOTOGRAPHS - 1}.png"
    images = gallery()["image"]
    viewpoints = {query: "left", **dict.fromkeys(images, "right"), "w0_0.png": "left"}
    found = scores(features, query_rows=queries()[:1], viewpoints=viewpoints)
    assert found.loc[(query, "w0"), "votes"] > 0
    assert set(found.index) == {(query, "w0")}


def test_a_gallery_of_another_viewpoint_gives_no_evidence(features):
    query = f"w0_{PHOTOGRAPHS - 1}.png"
    viewpoints = {query: "left", **dict.fromkeys(gallery()["image"], "right")}
    found, verified = match_one_set(
        features, gallery(), queries()[:1], SECTION, viewpoints=viewpoints
    )
    assert not len(found) and not len(verified)


BURST = 40  # frames: each feature's 40 nearest are in the other frames


def describe(rng: np.random.Generator, looks: np.ndarray, noise: float) -> np.ndarray:
    """The descriptors of a photograph of something that looks so."""
    return np.clip(looks + rng.normal(0, noise, looks.shape), 0, 255).astype(np.uint8)


def test_a_burst_in_a_querys_own_part_hides_no_votes():
    """Ten photographs each of five animals on other days, and frames that differ by noise."""
    rng, size = np.random.default_rng(0), 20
    animals = rng.integers(0, 255, (5, size, 128)).astype(float)
    descriptors = {
        f"w{animal}_{n}": describe(rng, looks, 40)
        for animal, looks in enumerate(animals)
        for n in range(10)
    }
    scene = describe(rng, animals[0], 40).astype(float)
    frames = {f"burst_{n}": describe(rng, scene, 3) for n in range(BURST)}
    names = [*descriptors, *frames]
    ends = size * np.arange(1, len(names) + 1)
    points = np.tile(rng.uniform(0, 100, (size, 2)), (len(names), 1)).astype(np.float32)
    rows = np.concatenate([*descriptors.values(), *frames.values()])
    shapes = np.tile(np.eye(2, 3), (len(names), 1, 1)), np.full((len(names), 2), 100)
    features = Features(np.array(names), np.append(0, ends), ends, points, rows, *shapes)
    identities = [name.partition("_")[0] if name in descriptors else "w0" for name in names]
    table = pd.DataFrame({"image": names, "identity": identities})
    galleries = Galleries(table, {"others": table["image"].iloc[: len(descriptors)]}, {})
    found = Matcher(features, galleries, SECTION, "sift").vote(
        "burst_0", Query("others", [], [], "w0")
    )
    assert found.identities.tolist()[:1] == [0] and found.votes[0] > 1
