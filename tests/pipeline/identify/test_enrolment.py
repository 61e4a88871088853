"""What `enroll` refuses; that it works is tested in tests/stages."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import tables
from pipeline.identify import enrolment
from pipeline.system.errors import UserError
from tests.pipeline.data.test_enrolled_photo import build_enrolled

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


@pytest.mark.fault(
    "identify",
    "a name is enrolled that a known or an enrolled individual has, or nearly has",
    "a line says whose photograph it is",
)
def test_names_that_are_known_or_easily_taken_for_known_ones_are_told(caplog):
    caplog.set_level(logging.INFO, "pipeline")
    enrolled = [build_enrolled("wal", "b0")]
    enrolment.tell_of_known("newcomer", enrolled)
    assert caplog.text == ""
    for known in ("a", "wal"):
        enrolment.tell_of_known(known, enrolled)
        assert f"{known} is known already: this is one more photograph of it" in caplog.text
    enrolment.tell_of_known("Wal", enrolled)
    assert "Wal is another individual than wal, which is known" in caplog.text


def test_a_photograph_that_gets_another_name_is_told(caplog):
    enrolled = [build_enrolled("wal", "b0")]
    photograph = Path("x.jpg")
    enrolment.tell_of_replaced(photograph, "b0", "wal", enrolled)
    enrolment.tell_of_replaced(photograph, "c0", "other", enrolled)
    assert caplog.text == ""
    enrolment.tell_of_replaced(photograph, "b0", "other", enrolled)
    assert "x.jpg was enrolled as wal: not any more" in caplog.text
