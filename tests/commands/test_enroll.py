"""What `enroll` refuses; that it works is in tests/stages."""

import pandas as pd
import pytest

from commands import enroll
from pipeline import params, paths
from pipeline.data import tables
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("three_folds")


@pytest.mark.parametrize("name", ["", "two words", "new_whale"])
def test_a_name_that_no_submission_could_hold(name):
    with pytest.raises(SystemExit, match="a name without blanks is wanted"):
        enroll.check_name(name, "new_whale")


def test_whose_photograph_it_is():
    assert enroll.known_as("hash a1") == "a"
    assert enroll.known_as("hash t") is None
    assert enroll.known_as("hash elsewhere") is None


def test_nothing_is_enrolled_before_the_pipeline_has_run():
    with pytest.raises(SystemExit, match="model.safetensors is not there: run the pipeline first"):
        enroll.check_members(params.load(ROOT / "tests/params.yaml"))


def test_settings_and_networks_decide_what_is_made(monkeypatch):
    p = params.load(ROOT / "tests/params.yaml")
    for fold in p.folds.trained:
        file = paths.model(p.match.backbone, fold)
        file.parent.mkdir(parents=True)
        file.write_bytes(b"weights")
    before = enroll.made_with(p)
    wider = p.model_copy(update={"keypoints": p.keypoints.model_copy(update={"size": 99})})
    assert enroll.made_with(wider) != before
    paths.UNET.parent.mkdir(parents=True)
    paths.UNET.write_bytes(b"weights")
    assert enroll.made_with(p) != before


def test_a_pseudo_label_is_nobodys_word():
    labels = tables.read("labels", paths.LABELS)
    guess = labels[labels["image"] == "a0"].assign(image="t", identity="b", only_fold="0")
    tables.write("labels", pd.concat([labels, guess]), paths.LABELS)
    assert enroll.known_as("hash t") is None
