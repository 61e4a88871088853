import pytest
import torch
from torch import Tensor, nn

from pipeline.models.embedding_net import Architecture, EmbeddingNet
from pipeline.steps.report import attention


class Cells(nn.Module):
    """A backbone whose last maps are the crop's own planes, a cell for every 4 x 4 pixels."""

    num_features = 3
    pretrained_cfg = {"mean": (0.0,) * 3, "std": (1.0,) * 3}

    def forward_features(self, inputs: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(inputs, 4)


@pytest.fixture
def net() -> EmbeddingNet:
    made = EmbeddingNet(Cells(), Architecture(channels=3, dim=3, pooling="average", bnneck=False))
    with torch.no_grad():
        made.linear.weight.copy_(torch.eye(3))
        made.linear.bias.zero_()
    return made


def crop(**corners: int) -> Tensor:
    """16 x 16, black but for a red or green corner."""
    made = torch.zeros(3, 16, 16, dtype=torch.uint8)
    made[0, :4, :4] = corners.get("red", 0)
    made[1, 12:, 12:] = corners.get("green", 0)
    return made


def test_what_two_photographs_share_is_seen(net):
    """Both have a red corner; the green one speaks against their being alike."""
    heat = attention.attended(net, crop(red=200, green=100)[None], crop(red=255)[None])[0]
    assert heat.shape == (16, 16)
    assert heat[0, 0] == 1 and heat[12:, 12:].max() == 0


def test_nothing_is_seen_where_nothing_speaks_for_it(net):
    heat = attention.attended(net, crop(green=255)[None], crop(red=255)[None])
    assert heat[0, 12:, 12:].max() == 0 and heat.min() >= 0


def test_the_backbone_is_left_as_it_was(net):
    attention.attended(net, crop(red=9)[None], crop(red=9)[None])
    assert "forward_features" not in vars(net.backbone)
    with pytest.raises(ValueError, match="torch"), attention.last_maps(net):
        raise ValueError("torch")
    assert "forward_features" not in vars(net.backbone)
