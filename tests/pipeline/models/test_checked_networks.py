"""Networks that have passed are not tried again, and a change has them tried again."""

import pytest
import torch
from safetensors.torch import save_file

from pipeline import params
from pipeline.models import checked_networks, preflight
from pipeline.models.checked_networks import check_networks_once
from pipeline.system.errors import UserError
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")


@pytest.fixture
def tried(monkeypatch) -> list[params.Params]:
    """The settings whose networks were tried."""
    found = []
    monkeypatch.setattr(preflight, "check_networks", found.append)
    return found


@pytest.fixture
def record(tmp_path):
    return tmp_path / "tmp/checked.json"


def change(section: str, **values) -> params.Params:
    return P.model_copy(update={section: getattr(P, section).model_copy(update=values)})


def test_networks_are_tried_once(tried, record):
    for _ in range(3):
        check_networks_once(P, record)
    assert tried == [P]


def test_what_does_not_concern_networks_has_none_tried(tried, record):
    check_networks_once(P, record)
    check_networks_once(change("match", top=3), record)
    assert tried == [P]


@pytest.mark.parametrize(
    "changed",
    [
        change("crop", height=96),
        change("train", embedding=8),
        P.model_copy(update={"backbones": dict(list(P.backbones.items())[:1])}),
    ],
    ids=["crop", "train", "backbones"],
)
def test_a_change_has_them_tried_again(changed, tried, record):
    check_networks_once(P, record)
    check_networks_once(changed, record)
    assert tried == [P, changed]


def test_another_version_of_a_library_has_them_tried_again(tried, record, monkeypatch):
    check_networks_once(P, record)
    monkeypatch.setattr(checked_networks.metadata, "version", lambda name: "99")
    check_networks_once(P, record)
    assert tried == [P, P]


def test_other_weights_in_the_same_file_have_them_tried_again(tried, record, tmp_path):
    path = tmp_path / "own.safetensors"
    save_file({"one": torch.zeros(1)}, path)
    backbone = params.Backbone(timm_name="test_resnet", weights=str(path), overrides={})
    own = P.model_copy(update={"backbones": {"own": backbone}})
    check_networks_once(own, record)
    save_file({"one": torch.zeros(2)}, path)
    check_networks_once(own, record)
    assert tried == [own, own]


def test_networks_that_fail_are_tried_again(record):
    backbone = params.Backbone(timm_name="no_such_network", weights="none", overrides={})
    wrong = P.model_copy(update={"backbones": {"wrong": backbone}})
    for _ in range(2):
        with pytest.raises(UserError, match="timm has no network 'no_such_network'"):
            check_networks_once(wrong, record)
    assert not record.exists()
