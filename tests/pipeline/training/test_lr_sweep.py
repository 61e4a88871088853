"""The learning-rate range test of a backbone, on the tiny competition."""

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import tables
from pipeline.models import member_networks, stored_weights
from pipeline.system.errors import UserError
from pipeline.training import lr_sweep
from pipeline.training.lr_sweep import Sweep, run_sweep
from pipeline.training.session import start_session
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


def change(section: str, **values) -> params.Params:
    p = params.load()
    return p.model_copy(update={section: getattr(p, section).model_copy(update=values)})


def test_the_rate_of_a_head_that_is_trained_alone(project):
    """Its `head_epochs` are more than the one epoch that `epochs` 0 would be."""
    p = change("train", epochs=0, views_per_identity=0, head_epochs=10)
    assert p.member_train("regnet").head_alone
    rate = run_sweep("regnet", Sweep(0, 1e-6, 1e-1, 30), p)
    assert 1e-6 <= rate <= 1e-2 and (paths.LR_RANGE / "regnet.csv").is_file()


def test_a_backbone_that_is_not_trained_has_no_rate(project):
    p = change("train", epochs=0, views_per_identity=0, head_epochs=0)
    with pytest.raises(UserError, match="regnet is not trained.*Set train.head_epochs"):
        run_sweep("regnet", Sweep(0, 1e-6, 1e-1, 30), p)


def test_it_starts_from_the_pretrained_weights_and_without_them_not_at_all(project, monkeypatch):
    p = change("pretrain", method="simsiam")
    file, starts = paths.pretrained_backbone("regnet"), []
    with pytest.raises(UserError, match="backbone.safetensors does not exist: pretrain.method is"):
        run_sweep("regnet", Sweep(0, 1e-6, 1e-1, 30), p)
    stored_weights.save_weights({}, file)  # as `pretrain` leaves it while the method is none
    with pytest.raises(UserError, match="no weights yet .* simsiam: run dvc repro pretrain@regnet"):
        run_sweep("regnet", Sweep(0, 1e-6, 1e-1, 30), p)
    net = member_networks.build_for_member(p.backbones["regnet"], p.member_train("regnet"))
    state = {name: value + 1 for name, value in member_networks.backbone_state(net).items()}
    stored_weights.save_weights(state, file)

    def start(net, *args):
        state = member_networks.backbone_state(net)
        starts.append({name: value.copy() for name, value in state.items()})  # not as trained
        return start_session(net, *args)

    monkeypatch.setattr(lr_sweep, "start_session", start)
    run_sweep("regnet", Sweep(0, 1e-6, 1e-1, 30), p)
    assert all(np.array_equal(starts[0][name], value) for name, value in state.items())


def test_an_unknown_backbone_is_refused(project):
    with pytest.raises(UserError, match="no backbone 'lite9'; there are .*'regnet'"):
        sweep("lite9")


def test_an_unknown_fold_and_a_missing_file_are_refused(project):
    with pytest.raises(UserError, match="no fold 99; there are 0 to 2"):
        sweep(fold=99)
    paths.CROPS.unlink()
    with pytest.raises(UserError, match="crops.npy does not exist: run dvc repro crop folds"):
        sweep()
