"""The command around the rate sweep, on the tiny competition."""

import cv2
import numpy as np
import pandas as pd
import pytest

from commands import lr_range
from pipeline import paths
from pipeline.data import tables
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


def test_a_suggestion_a_table_and_a_picture(project, capsys):
    lr_range.main("regnet", 0, 1e-6, 1e-1, 30)
    table = pd.read_csv(paths.LR_RANGE / "regnet.csv")
    assert table["rate"].is_monotonic_increasing and 10 <= len(table) <= 30
    told = float(capsys.readouterr().out.split("train.learning_rate: ")[1].split()[0])
    assert 1e-6 <= told <= 1e-2
    picture = cv2.imread(str(paths.LR_RANGE / "regnet.png"))
    assert picture.shape[0] > 300 and np.unique(picture).size > 20


def test_an_unknown_backbone_is_told_what_there_is(project):
    with pytest.raises(SystemExit, match="no backbone 'lite9'; there are .*'regnet'"):
        lr_range.main("lite9", 0, 1e-6, 1e-1, 30)


def test_a_fold_or_a_file_that_is_not_there(project):
    with pytest.raises(SystemExit, match="no fold 99; there are 0 to 2"):
        lr_range.main("regnet", 99, 1e-6, 1e-1, 30)
    paths.CROPS.unlink()
    with pytest.raises(SystemExit, match="crops.npy is not there: run dvc repro crop folds"):
        lr_range.main("regnet", 0, 1e-6, 1e-1, 30)
