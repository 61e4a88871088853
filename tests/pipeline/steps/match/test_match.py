"""Local features of a small gallery and its queries, through the step."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import evidence
from pipeline.data import gallery as gallery_words
from pipeline.data.features import Features
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.keypoints import keypoints
from pipeline.steps.match import geometry, match, matcher
from pipeline.steps.match.queries import Fold
from tests.conftest import ROOT
from tests.pipeline.data import synthetic_features as drawn

P = params.load(ROOT / "tests/params.yaml")
SECTION = P.match.model_copy(update={"probes": 100, "shortlist": 4})
NEAR = pd.DataFrame({"query": [], "rank": [], "image": []})
TWINS = pd.DataFrame({"image": [], "twin": [], "identity": []})
SHOTS, KNOWN, STRANGER = 4, 5, 5


@pytest.fixture(scope="module")
def features(tmp_path_factory) -> Features:
    """Five known individuals and a stranger, four photographs each."""
    folder = tmp_path_factory.mktemp("photographs")
    table = drawn.images(folder, dict.fromkeys(range(KNOWN + 1), SHOTS))
    boxes = drawn.whole(table, folder / "crops.npy")
    section = P.keypoints.model_copy(update={"size": 160, "count": 120, "contrast": 0.01})
    return keypoints.extract(table, boxes, folder / "crops.npy", section)


def gallery() -> pd.DataFrame:
    """The first three photographs of each known individual."""
    names = [(f"w{i}_{shot}.png", f"w{i}") for i in range(KNOWN) for shot in range(SHOTS - 1)]
    return pd.DataFrame(names, columns=["image", "identity"]).assign(group=range(len(names)))


def queries() -> pd.DataFrame:
    """The last photograph of everybody."""
    names = [f"w{i}_{SHOTS - 1}.png" for i in range(KNOWN + 1)]
    truths = [f"w{i}" for i in range(KNOWN)] + [NEW_WHALE]
    return pd.DataFrame({"image": names, "kind": gallery_words.KNOWN, "truth": truths})


def one_fold(
    features: Features, shown, asked, section, near=NEAR, twins=TWINS, side=None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Evidence and pairs of a single fold."""
    folds = {0: Fold(shown, asked, near, side or {})}
    found = match.match(features, folds, twins, section, "sift")[0]
    return found.evidence, found.pairs


def matched(
    features: Features, near=NEAR, twins=TWINS, asked=None, shown=None, side=None, **changes
) -> pd.DataFrame:
    """Rows (query, identity), a column a source."""
    section = SECTION.model_copy(update=changes)
    asked = queries() if asked is None else asked
    shown = gallery() if shown is None else shown
    found, _ = one_fold(features, shown, asked, section, near, twins, side)
    assert (found["member"] == evidence.LOCAL).all()
    return found.pivot(index=["query", "identity"], columns="source", values="score")


@pytest.mark.parametrize("source", ["votes", "inliers"])
def test_the_individual_itself_scores_highest(features, source):
    found = matched(features)[source]
    for i in range(KNOWN):
        assert found.loc[f"w{i}_3.png"].idxmax() == f"w{i}"


def test_a_stranger_scores_lower_than_anyone_known(features):
    found = matched(features)["inliers"].groupby("query").max()
    assert found[f"w{STRANGER}_3.png"] < found.drop(f"w{STRANGER}_3.png").min()


def test_shares_are_shares_and_inliers_are_counts(features):
    found = matched(features).dropna()
    assert found["ratio"].between(0, 1).all() and found["coverage"].between(0, 1).all()
    assert (found["inliers"] % 1 == 0).all() and found["coverage"].max() > 0.2


def test_only_the_shortlist_is_looked_at(features):
    one = matched(features, shortlist=1)
    assert (one.groupby("query")["inliers"].count() == 1).all()
    assert one["votes"].notna().all()


def test_the_nearest_by_embedding_are_looked_at_too(features):
    near = pd.DataFrame(
        {"query": ["w0_3.png"] * 2, "rank": [0, 1], "image": ["w4_0.png", "w3_0.png"]}
    )
    found = matched(features, near=near, shortlist=1)["inliers"].loc["w0_3.png"].dropna()
    assert set(found.index) == {"w0", "w4"}


def test_a_copy_of_the_query_is_not_asked(features):
    """Without its twin, w0 still has two photographs; with all three gone it has none."""
    twins = pd.DataFrame({"image": ["w0_3.png"], "twin": ["w0_0.png"], "identity": ["w0"]})
    fewer, every = matched(features, twins=twins), matched(features)
    assert 0 < fewer.loc[("w0_3.png", "w0"), "votes"] < every.loc[("w0_3.png", "w0"), "votes"]
    copies = gallery()
    copies.loc[copies["identity"] == "w0", "group"] = 0  # three copies of one photograph
    gone = matched(features, twins=twins, shown=copies)
    assert ("w0_3.png", "w0") not in gone.index
    pd.testing.assert_frame_equal(gone.loc[["w1_3.png"]], every.loc[["w1_3.png"]])


def test_no_more_candidates_than_asked_for_and_what_was_looked_at(features):
    found = matched(features, candidates=1, shortlist=1)
    assert found.groupby("query").size().between(1, 2).all()


def test_a_query_without_features_says_nothing_and_stops_nobody(features):
    blank = Features(
        np.append(features.names, "blank.png"),
        np.append(features.starts, features.starts[-1]),
        np.append(features.ends, features.starts[-1]),
        features.points,
        features.descriptors,
        np.concatenate([features.canvases, features.canvases[:1]]),
        np.concatenate([features.sizes, features.sizes[:1]]),
    )
    asked = queries()[:2].assign(image=["blank.png", "w1_3.png"])
    assert set(matched(blank, asked=asked).index.get_level_values("query")) == {"w1_3.png"}


def test_no_query_and_a_gallery_without_features_say_nothing(features):
    for shown, asked in ((gallery(), queries()[:0]), (gallery()[:0], queries())):
        found, pairs = one_fold(features, shown, asked, SECTION)
        assert found.empty and pairs.empty


def test_a_gallery_photograph_that_was_never_looked_at_is_named(features):
    other = pd.concat([gallery(), gallery()[:1].assign(image="nowhere.png")])
    with pytest.raises(KeyError, match="nowhere.png"):
        matched(features, shown=other)


def test_switched_off_it_writes_a_valid_empty_table(tmp_path):
    none = keypoints.extract(None, None, None, P.keypoints.model_copy(update={"enabled": False}))
    found = match.match(none, {0: Fold(gallery(), queries(), NEAR, {})}, TWINS, SECTION, "sift")[0]
    assert found.pairs.empty and found.pairs.columns.tolist() == match.PAIR
    assert found.points.empty and found.points.columns.tolist() == match.POINTS
    evidence.save(found.evidence, tmp_path / "evidence.parquet")
    assert evidence.load(tmp_path / "evidence.parquet").empty


def test_an_identity_speaks_by_its_best_photograph(features):
    found, pairs = one_fold(features, gallery(), queries(), SECTION)
    assert pairs["image"].isin(gallery()["image"]).all() and not pairs.duplicated().any()
    best = pairs[~pairs["drawn"]].groupby(["query", "identity"])["inliers"].max()
    said = found[found["source"] == "inliers"].set_index(["query", "identity"])["score"]
    pd.testing.assert_series_equal(said.sort_index(), best, check_names=False)


def test_every_inlier_is_described(features):
    found = match.match(
        features, {0: Fold(gallery(), queries(), NEAR, {})}, TWINS, SECTION, "sift"
    )[0]
    counted = found.points.groupby(["query", "image"]).size()
    pairs = found.pairs.set_index(["query", "image"])["inliers"]
    assert counted.sum() > 0
    pd.testing.assert_series_equal(
        counted.sort_index(), pairs[pairs > 0].astype(int).sort_index(), check_names=False
    )
    assert found.points[["x", "y", "there_x", "there_y"]].stack().between(0, 1).all()
    assert found.points["clearness"].max() < SECTION.ratio + 0.01


def test_lots_stand_for_all_that_was_not_shortlisted(features):
    """Each query's weights add up to its gallery; lots are fair and are no evidence."""
    few = SECTION.model_copy(update={"shortlist": 1, "lots": 2})
    found, pairs = one_fold(features, gallery(), queries(), few)
    assert (pairs.groupby("query")["weight"].sum() == len(gallery())).all()
    lots = pairs[pairs["drawn"]]
    assert lots.groupby("query").size().tolist() == [4] * KNOWN + [2]
    # w0's other two photographs for themselves, and 12 of strangers by two
    own = lots[lots["query"] == "w0_3.png"].groupby(lots["identity"] == "w0")
    assert own["weight"].agg(list).to_dict() == {True: [1, 1], False: [6, 6]}
    none = few.model_copy(update={"lots": 5})
    without, _ = one_fold(features, gallery(), queries(), none)
    pd.testing.assert_frame_equal(found, without)


def test_lots_are_not_drawn_for_the_test(features):
    asked = queries().assign(kind=gallery_words.TEST)
    _, pairs = one_fold(features, gallery(), asked, SECTION)
    assert not pairs["drawn"].any() and (pairs["weight"] == 1).all()


def test_a_gallery_that_is_all_shortlisted_leaves_no_lot(features):
    every = SECTION.model_copy(update={"shortlist": 100})
    _, pairs = one_fold(features, gallery(), queries(), every)
    looked = pairs.groupby("query")["image"].nunique()
    assert (looked <= len(gallery())).all() and not pairs.duplicated(["query", "image"]).any()


def test_the_same_seed_gives_the_same_scores(features):
    pd.testing.assert_frame_equal(matched(features), matched(features))


def test_folds_together_say_what_each_says_alone(features):
    """Fold 1 shows the other photographs, and asks for w0 and w1 too, as the test does."""
    first = Fold(gallery(), queries(), NEAR, {})
    names = [(f"w{i}_{shot}.png", f"w{i}") for i in range(KNOWN) for shot in (1, 3)]
    other = pd.DataFrame(names, columns=["image", "identity"]).assign(group=range(len(names)))
    asked = pd.DataFrame({"image": [f"w{i}_0.png" for i in range(2)] + [f"w{STRANGER}_3.png"]})
    asked = asked.assign(kind=gallery_words.TEST, truth="")
    second = Fold(other, asked, NEAR, {})
    both = match.match(features, {0: first, 1: second}, TWINS, SECTION, "sift")
    for fold, alone in ((0, first), (1, second)):
        found = match.match(features, {fold: alone}, TWINS, SECTION, "sift")[fold]
        columns = ["query", "identity", "source"]
        sorted_ = [
            own.evidence.sort_values(columns, ignore_index=True) for own in (both[fold], found)
        ]
        pd.testing.assert_frame_equal(*sorted_)
        assert set(both[fold].pairs["image"]) <= set(alone.gallery["image"])
        kept = [
            own.pairs[~own.pairs["drawn"].astype(bool)][["query", "image", "inliers"]]
            for own in (both[fold], found)
        ]
        pd.testing.assert_frame_equal(
            *(own.sort_values(["query", "image"], ignore_index=True) for own in kept)
        )


def test_another_side_has_no_vote_and_is_not_looked_at(features):
    """w0's photographs but the first show another side than the query does; w1's are unknown."""
    query = f"w0_{SHOTS - 1}.png"
    others = ["w0_1.png", "w0_2.png"]
    side = {query: "left", "w0_0.png": "left", **dict.fromkeys(others, "right")}
    asked = queries()[:1]
    _, pairs = one_fold(features, gallery(), asked, SECTION, side=side)
    assert "w0_0.png" in set(pairs["image"]) and not set(others) & set(pairs["image"])
    told = matched(features, asked=asked, side=side).loc[(query, "w0"), "votes"]
    assert told < matched(features, asked=asked).loc[(query, "w0"), "votes"]
    left = gallery()[~gallery()["image"].isin(others)]
    without = matched(features, asked=asked, shown=left).loc[(query, "w0"), "votes"]
    assert told == pytest.approx(without, rel=0.05)


def scene(animal: int, left: int) -> np.ndarray:
    """An animal of 40 x 60 pixels before a background that is always the same."""
    seen = drawn.animal(99).copy()
    seen[30:90, left : left + 40] = drawn.animal(animal)[30:90, 50:90]
    return seen


def points_in_common(
    folder: Path, first: np.ndarray, second: np.ndarray, around: int
) -> geometry.Agreement:
    """The matched points of two scenes; the masks let in what lies right of the animal."""
    names = ["first.png", "second.png"]
    for name, picture in zip(names, (first, second), strict=True):
        cv2.imwrite(str(folder / name), picture)
    table = pd.DataFrame({"image": names, "path": [str(folder / name) for name in names]})
    masks = np.zeros((2, 60, 80), np.uint8)
    masks[:, 15:45, 10:] = 255
    boxes = drawn.whole(table, folder / "crops.npy", masks)
    changes = {"size": 160, "count": 120, "contrast": 0.01, "margin": 1.0, "around": around}
    section = P.keypoints.model_copy(update=changes)
    found = keypoints.extract(table, boxes, folder / "crops.npy", section)
    return matcher.compared(found, (0, 1), matcher.pairing("sift", SECTION), SECTION)


@pytest.mark.parametrize(("around", "counted"), [(0, True), (60, False)])
def test_a_background_that_two_photographs_share_does_not_count(tmp_path, around, counted):
    """Two animals, one place."""
    found = points_in_common(tmp_path, scene(0, 20), scene(1, 40), around)
    assert (found.inliers >= 8) == counted
    assert (found.aside > 0) != counted


def test_an_animal_that_stood_still_is_set_aside_with_its_background(tmp_path):
    """Nothing tells its points from those of a bush: it is said how many there were."""
    moved = points_in_common(tmp_path, scene(0, 20), scene(0, 40), 60)
    still = points_in_common(tmp_path, scene(0, 20), scene(0, 20), 60)
    assert moved.inliers >= 4 and still.inliers == 0
    assert still.aside >= moved.aside + moved.inliers


def test_a_side_that_few_photographs_show_is_heard(features):
    """A gallery of which only the query's own individual shows its side: one photograph."""
    query = f"w0_{SHOTS - 1}.png"
    shown = gallery()["image"]
    side = {query: "left", **dict.fromkeys(shown, "right"), "w0_0.png": "left"}
    told = matched(features, asked=queries()[:1], side=side)
    assert told.loc[(query, "w0"), "votes"] > 0
    assert set(told.index) == {(query, "w0")}


def test_where_all_show_another_side_nobody_is_heard(features):
    query = f"w0_{SHOTS - 1}.png"
    side = {query: "left", **dict.fromkeys(gallery()["image"], "right")}
    told, pairs = one_fold(features, gallery(), queries()[:1], SECTION, side=side)
    assert not len(told) and not len(pairs)
