"""What `verify` refuses, and which members it asks; its answer is in tests/stages."""

import json

import pandas as pd
import pytest

from commands import verify
from pipeline import paths
from pipeline.data import tables
from pipeline.steps.weigh.point_weights import PointWeigher
from tests.pipeline.data import synthetic_features as drawn

pytestmark = pytest.mark.usefixtures("three_folds")


@pytest.mark.parametrize(
    ("pair", "members"),
    [
        (("a0", "t"), [1, 2]),  # trained on a0, not on t
        (("a0", "a1"), [0, 1]),  # each knows the other
        (("a1", "b1"), [1]),  # knows neither; 0 and 2 trained on both
        (("t", "elsewhere"), [0, 1, 2]),
        (("copy of a0", "t"), [1, 2]),
        (("a1", "a1"), [1]),
    ],
)
def test_members_that_know_one_of_the_two_are_asked_first(pair, members):
    assert verify.fair_members([f"hash {name}" for name in pair], [0, 1, 2]) == members


def test_members_that_trained_on_both_cannot_judge():
    with pytest.raises(SystemExit, match="every member .folds.trained: .0.. was trained on both"):
        verify.fair_members(["hash a1", "hash b1"], [0])


def test_a_pipeline_that_has_not_run():
    with pytest.raises(SystemExit, match="judge.json is not there: run the pipeline first"):
        verify.learned()


def test_a_judge_that_learned_nothing():
    paths.JUDGE.parent.mkdir(parents=True)
    nothing = {"centre_": [0] * 3, "spread_": [1] * 3, "weights_": [0] * 3, "height_": 0}
    paths.JUDGE.write_text(json.dumps(nothing))
    with pytest.raises(SystemExit, match="taught nothing.*keypoints.enabled"):
        verify.learned()


def test_a_judge_of_another_version():
    paths.JUDGE.parent.mkdir(parents=True)
    old = {"centre_": [0, 0], "spread_": [1, 1], "weights_": [1, 1], "height_": 0}
    paths.JUDGE.write_text(json.dumps(old))
    with pytest.raises(SystemExit, match="another version: run dvc repro verify"):
        verify.learned()


@pytest.mark.parametrize(
    ("pair", "part"), [(("a0", "b1"), 2), (("t", "b1"), 0), (("t", "elsewhere"), -1)]
)
def test_points_are_weighed_by_what_learned_from_neither(pair, part):
    """a0 is in part 2, b1 in part 0; each scale is known by its prior."""
    parts = pd.DataFrame({"image": ["a0", "a1", "b1"], "part": [2, 1, 0]})
    tables.write_csv(parts, paths.CROSS_FIT_PARTS)
    for number in (-1, 0, 1, 2):
        scale = PointWeigher()
        scale.prior_ = float(number)
        scale.save(paths.point_weights(number))
    assert verify.fair_scale([f"hash {name}" for name in pair]).prior_ == part


def test_a_file_that_is_no_photograph(tmp_path):
    good = drawn.images(tmp_path, {0: 1})["path"].iloc[0]
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(SystemExit, match="notes.txt: not an image"):
        verify.images_of([tmp_path / good, tmp_path / "notes.txt"])
    same = verify.images_of([tmp_path / good, tmp_path / good])
    assert same["image"].nunique() == 2 and same["sha256"].nunique() == 1
