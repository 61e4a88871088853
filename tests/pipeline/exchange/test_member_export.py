"""A member as ONNX gives what the network gives, and its card has its held-out score."""

import importlib.util
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import torch

from pipeline.data.members import Member
from pipeline.exchange import member_export
from pipeline.exchange.embedder import Embedder
from pipeline.exchange.model_card import Card, Score, write_card
from pipeline.models import member_networks
from pipeline.models.embedding_net import Architecture
from pipeline.params import Backbone
from pipeline.steps.embed.embed import embed_batch
from pipeline.system.errors import UserError

TINY = Backbone(timm_name="test_resnet", weights="none", overrides={})


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return member_networks.build("test_resnet", "none", Architecture(4, 8, "gem", True)).eval()


def test_onnx_gives_what_the_network_gives(net, tmp_path):
    member_export.write_onnx(net, (4, 32, 64), "both", tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    assert [one.name for one in session.get_inputs()] == ["crops"]
    for count in (2, 1, 5):
        crops = torch.randint(0, 256, (count, 4, 32, 64), dtype=torch.uint8)
        (vectors,) = session.run(["vectors"], {"crops": crops.numpy()})
        with torch.inference_mode():
            expected = Embedder(net, "both")(crops).numpy()
        np.testing.assert_allclose(vectors, expected, atol=1e-5)
        assert vectors.shape == (count, 16)


@pytest.mark.parametrize("flip", ["none", "average", "both"])
def test_what_is_exported_is_what_the_stage_embed_stores(net, flip, monkeypatch):
    monkeypatch.setattr("pipeline.system.device.multiplies_half", lambda kind: False)
    crops = torch.randint(0, 256, (2, 4, 32, 64), dtype=torch.uint8)
    with torch.inference_mode():
        torch.testing.assert_close(Embedder(net, flip)(crops), embed_batch(net.embed, crops, flip))


def test_the_score_counts_held_out_queries_of_known_individuals():
    held_out = pd.DataFrame(
        [("a", "known", "A"), ("b", "known", "B"), ("c", "unseen", "new_whale")],
        columns=["image", "kind", "truth"],
    )
    rows = [
        ("a", 0, "A"),
        ("a", 1, "B"),
        ("b", 0, "A"),
        ("b", 1, "B"),
        ("c", 0, "A"),
        ("t", 0, "A"),
    ]
    nearest = pd.DataFrame(rows, columns=["query", "rank", "identity"])
    score = member_export.score_nearest(held_out, nearest)
    assert score == Score(1, 2) and score.describe().endswith("for 1 of 2 (0.500)")
    none = member_export.score_nearest(held_out.iloc[2:], nearest)
    assert none == Score(0, 0) and "no score" in none.describe()


def test_the_card_has_the_score_and_the_input():
    summary = {"photographs": 40, "individuals": 9, "new_whales": 5, "epochs": 3}
    summary |= {"not_converged": "its loss still falls"}
    card = Card(Member("tiny", 1), TINY, (4, 32, 64), "both", summary, Score(3, 4), "0.1")
    text = write_card(card)
    assert "for 3 of 4 (0.750)" in text and "n x 4 x 32 x 64, uint8" in text
    assert "its loss still falls" in text and "fold 1 was held out" in text


def test_a_member_that_is_none_and_packages_that_are_missing(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    p = SimpleNamespace(backbones={"tiny": TINY}, folds=SimpleNamespace(trained=[0, 1]))
    with pytest.raises(UserError, match="there is no member tiny-2: backbones are tiny, held-out"):
        member_export.check(Member("tiny", 2), p)
    with pytest.raises(UserError, match="model.safetensors does not exist: run the pipeline"):
        member_export.check(Member("tiny", 1), p)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        UserError, match=r"packages onnx and onnxscript: pip install 'tailprint\[exp"
    ):
        member_export.check(Member("tiny", 1), p)
