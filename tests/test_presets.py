"""Every preset's networks take one step on random crops, with no download, and embed them."""

import subprocess
from pathlib import Path

import pytest
import torch

from pipeline import params
from pipeline.losses.embedding_loss import EmbeddingLoss
from pipeline.losses.identities import Identities
from pipeline.models import member_networks
from pipeline.models.embedding_net import EmbeddingNet
from pipeline.steps.embed import embed
from pipeline.training.session import Learner

PRESETS = sorted(Path(__file__).parents[1].glob("presets/*.yaml"))
# a user's own, which is not committed, may name its ensembles as it likes
COMMITTED = subprocess.run(
    ["git", "ls-files", "presets/*.yaml"], cwd=PRESETS[0].parents[1], capture_output=True, text=True
).stdout.splitlines()
OTHERS = [path for path in PRESETS if f"presets/{path.name}" in COMMITTED and path.stem != "demo"]
IDENTITIES = Identities(torch.full((6,), 2.0))


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_every_backbone_of_a_preset_takes_a_step(path):
    p = params.load(path)
    for name, backbone in p.backbones.items():
        settings = p.member_train(name)
        net = member_networks.build_for_member(backbone, settings, trained=True)
        dim = net.width if settings.frozen else settings.embedding
        # a quarter of the preset's height and width: all its layers, in seconds on a CPU
        shape = (4, settings.channels, p.crop.height // 4, p.crop.width // 4)
        crops = torch.randint(0, 256, shape, dtype=torch.uint8)
        if not settings.frozen:
            take_step(net, settings, crops)
        copies = 2 if p.embed.flip == "both" else 1
        vectors = embed.embed_batch(net.eval().embed, crops, p.embed.flip)
        assert vectors.shape == (4, copies * dim), name


def take_step(net: EmbeddingNet, settings: params.Train, crops: torch.Tensor) -> None:
    learner = Learner(net, EmbeddingLoss(settings.loss, settings.embedding, IDENTITIES))
    optimizer = torch.optim.SGD(learner.parameters(), 1e-3)
    before = net.linear.weight.detach().clone()
    losses, _ = learner(crops, torch.tensor([0, 0, 1, -1]))
    sum(losses.values()).backward()
    optimizer.step()
    assert not torch.equal(before, net.linear.weight)


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_the_ensembles_of_a_preset_carry_its_name(path):
    """So that their submissions are not those of the demo."""
    names = set(params.load(path).ensembles)
    assert names
    assert all(name.startswith(path.stem.split("-")[0]) for name in names)
