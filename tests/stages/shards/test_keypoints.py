"""Local features in shards are, byte for byte, those of the stage that is not split."""

import numpy as np
import pytest

from pipeline import paths
from pipeline.system.errors import UserError
from stages import keypoints
from stages.shards import keypoints as keypoint_shards
from tests.stages.shards.projects import run_in_shards, take_files, write_params


def test_keypoints_in_shards(animals, project):
    keypoints.main()
    whole = take_files(paths.KEYPOINTS.parent)
    assert run_in_shards(keypoint_shards, project / "shards") == 4
    assert take_files(paths.KEYPOINTS.parent) == whole


def test_that_no_photograph_has_a_feature_is_said_of_all_shards_together(animals, project):
    np.save(paths.CROPS, np.zeros_like(np.load(paths.CROPS)))
    with pytest.raises(UserError, match="no photograph has a local feature"):
        run_in_shards(keypoint_shards, project / "shards")


def test_a_stage_that_is_switched_off_has_nothing_to_split(animals, project):
    write_params(project, keypoints={"enabled": False})
    assert run_in_shards(keypoint_shards, project / "shards") == 0
