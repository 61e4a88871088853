"""What `enroll` refuses; that it works is tested in tests/stages."""

import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import tables
from pipeline.identify import enrolment
from pipeline.system.errors import UserError

pytestmark = pytest.mark.usefixtures("three_folds")


@pytest.mark.parametrize("name", ["", "two words", "new_whale"])
def test_a_name_that_no_submission_can_hold_is_refused(name):
    with pytest.raises(UserError, match="contains a space|is empty|for a new individual"):
        enrolment.check_name(name, "new_whale")


def test_the_identity_of_a_training_photograph_is_known_by_its_hash():
    assert enrolment.competition_identity("hash a1") == "a"
    assert enrolment.competition_identity("hash t") is None
    assert enrolment.competition_identity("hash elsewhere") is None


def test_settings_and_networks_change_the_fingerprint(p):
    for fold in p.folds.trained:
        file = paths.model(p.match.backbone, fold)
        file.parent.mkdir(parents=True)
        file.write_bytes(b"weights")
    before = enrolment.fingerprint(p)
    wider = p.model_copy(update={"keypoints": p.keypoints.model_copy(update={"size": 99})})
    assert enrolment.fingerprint(wider) != before
    paths.UNET.parent.mkdir(parents=True)
    paths.UNET.write_bytes(b"weights")
    assert enrolment.fingerprint(p) != before


def test_a_pseudo_label_is_no_identity():
    labels = tables.read("labels", paths.LABELS)
    guess = labels[labels["image"] == "a0"].assign(image="t", identity="b", only_fold="lite0-0")
    tables.write("labels", pd.concat([labels, guess]), paths.LABELS)
    assert enrolment.competition_identity("hash t") is None
