"""The learning-rate range test of a backbone, on the tiny competition."""

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import tables
from pipeline.system.errors import UserError
from pipeline.training.lr_sweep import Sweep, run_sweep
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.fixture
def project(tmp_path, monkeypatch, tiny):
    """Crops, boxes and folds, as the stages before `train` leave them."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "tests/params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(text.replace("regnetx_002", "test_resnet"))
    paths.CROPS.parent.mkdir(parents=True)
    paths.CROPS.write_bytes(tiny.crops.read_bytes())
    boxes = pd.DataFrame(0, tiny.order.index, tables.COLUMNS["boxes"]).assign(image=tiny.order)
    tables.write("boxes", boxes, paths.BOXES)
    tables.write("folds", tiny.folds, paths.FOLDS)
    return tmp_path


def sweep(backbone: str = "regnet", fold: int = 0) -> float:
    return run_sweep(backbone, Sweep(fold, 1e-6, 1e-1, 30), params.load())


def test_a_suggestion_a_table_and_a_picture(project):
    rate = sweep()
    table = pd.read_csv(paths.LR_RANGE / "regnet.csv")
    assert table["rate"].is_monotonic_increasing and 10 <= len(table) <= 30
    assert 1e-6 <= rate <= 1e-2
    picture = cv2.imread(str(paths.LR_RANGE / "regnet.png"))
    assert picture.shape[0] > 300 and np.unique(picture).size > 20


def test_an_unknown_backbone_is_refused(project):
    with pytest.raises(UserError, match="no backbone 'lite9'; there are .*'regnet'"):
        sweep("lite9")


def test_an_unknown_fold_and_a_missing_file_are_refused(project):
    with pytest.raises(UserError, match="no fold 99; there are 0 to 2"):
        sweep(fold=99)
    paths.CROPS.unlink()
    with pytest.raises(UserError, match="crops.npy does not exist: run dvc repro crop folds"):
        sweep()
