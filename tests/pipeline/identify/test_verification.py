"""What `verify` refuses; its answer is tested in tests/stages."""

import json
from pathlib import Path

import pytest

from pipeline import paths
from pipeline.identify import verification
from pipeline.system.errors import UserError

pytestmark = pytest.mark.usefixtures("three_folds")


def write_pair_model(**values) -> None:
    paths.PAIR_MODEL.parent.mkdir(parents=True)
    paths.PAIR_MODEL.write_text(json.dumps(values | {"intercept_": 0}))


def test_keypoints_that_were_switched_off_after_the_run_are_named(p):
    write_pair_model(centre_=[0] * 3, spread_=[1] * 3, weights_=[1] * 3)
    off = p.model_copy(update={"keypoints": p.keypoints.model_copy(update={"enabled": False})})
    with pytest.raises(UserError, match="keypoints.enabled is false.*run the pipeline again"):
        verification.verify(Path("a.jpg"), Path("b.jpg"), off)
