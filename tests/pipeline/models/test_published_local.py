"""Published weights of local features: fetched, or a message that says what to bring."""

import pytest
import torch
from kornia.core import download

from pipeline import params
from pipeline.models import local_networks, published_local
from pipeline.models.light_glue import rename
from pipeline.system.errors import UserError
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")


def change(**sections: dict) -> params.Params:
    changed = {name: getattr(P, name).model_copy(update=new) for name, new in sections.items()}
    return P.model_copy(update=changed)


@pytest.fixture
def published(monkeypatch) -> dict[str, dict]:
    """Files by address, in place of the network's; without them, it cannot be reached."""
    files: dict[str, dict] = {}

    def load(addresses: list[str], **options: object) -> dict:
        assert options["weights_only"]
        for address in addresses:
            if address in files:
                return files[address]
        raise OSError(f"name or service not known: {addresses[-1]}")

    monkeypatch.setattr(download, "load_state_dict_from_url", load)
    return files


@pytest.mark.fault("network", "no network, and weights of local features missing", "what to bring")
@pytest.mark.parametrize(
    ("changed", "key", "file"),
    [
        ({"keypoints": {"detector": "aliked"}}, "keypoints.weights", "aliked-n16.pth"),
        ({"keypoints": {"detector": "dedode"}}, "keypoints.weights", "dedode_descriptor_B.pth"),
        ({"match": {"pairs": "loftr"}}, "match.pairs_weights", "loftr_outdoor.ckpt"),
    ],
)
def test_weights_that_cannot_be_fetched_are_reported_at_once(published, changed, key, file):
    with pytest.raises(UserError) as raised:
        local_networks.check_local_networks(change(**changed))
    message = str(raised.value)
    assert message.startswith(f"{key}: the published weights of ") and "\n" not in message
    assert f"/{file} " in message and f"{file} into {torch.hub.get_dir()}/checkpoints" in message
    assert "name or service not known" in message and "keypoints.detector: sift" in message
    # a single file can be given; two networks are two files
    assert (f"give {key} the path" in message) == ("dedode" not in file)


def test_sift_and_a_switched_off_stage_need_no_network(published):
    local_networks.check_local_networks(P)
    off = {"enabled": False, "detector": "aliked"}
    local_networks.check_local_networks(change(keypoints=off))


def test_parts_are_joined_and_wrappers_opened(published):
    detector, descriptor = published_local.ADDRESSES["dedode"].values()
    published[detector[-1]] = {"a": torch.zeros(1)}  # the second address of the first part
    published[descriptor[0]] = {"state_dict": {"b": torch.ones(1)}}
    found = published_local.read_weights("dedode", "pretrained", "keypoints.weights")
    assert {name: tensor.item() for name, tensor in found.items()} == {
        "detector.a": 0.0,
        "descriptor.b": 1.0,
    }


def test_a_file_may_have_the_names_of_the_part_or_of_the_network():
    part, whole = {"a": torch.zeros(1)}, {"net.a": torch.zeros(1)}
    parts = published_local.ADDRESSES["xfeat"]
    assert list(published_local.complete_names(part, parts)) == ["net.a"]
    assert list(published_local.complete_names(whole, parts)) == ["net.a"]


def test_lightglue_has_its_own_names():
    published = ["matcher.self_attn.3.Wqkv.bias", "cross_attn.0.ffn.0.weight", "posenc.Wr.weight"]
    assert list(rename(dict.fromkeys(published, torch.zeros(1)))) == [
        "transformers.3.self_attn.Wqkv.bias",
        "transformers.0.cross_attn.ffn.0.weight",
        "posenc.Wr.weight",
    ]
