import pytest
import torch
from torch import Tensor, nn

from pipeline.models.embedding_net import Architecture, EmbeddingNet
from pipeline.steps.report import grad_cam


class Cells(nn.Module):
    """A backbone whose last maps are the planes of the crop, averaged over 4 x 4 pixels."""

    num_features = 3
    pretrained_cfg = {"mean": (0.0,) * 3, "std": (1.0,) * 3}

    def forward_features(self, inputs: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(inputs, 4)


@pytest.fixture
def net() -> EmbeddingNet:
    net = EmbeddingNet(Cells(), Architecture(channels=3, dim=3, pooling="average", bnneck=False))
    with torch.no_grad():
        net.linear.weight.copy_(torch.eye(3))
        net.linear.bias.zero_()
    return net


def make_crop(**corners: int) -> Tensor:
    """16 x 16, black except for a red or green corner."""
    crop = torch.zeros(3, 16, 16, dtype=torch.uint8)
    crop[0, :4, :4] = corners.get("red", 0)
    crop[1, 12:, 12:] = corners.get("green", 0)
    return crop


def test_the_heatmap_shows_what_two_photographs_have_in_common(net):
    """Both have a red corner; the green one lowers their similarity."""
    heat = grad_cam.compute_heatmaps(
        net, make_crop(red=200, green=100)[None], make_crop(red=255)[None]
    )[0]
    assert heat.shape == (16, 16)
    assert heat[0, 0] == 1 and heat[12:, 12:].max() == 0


def test_what_lowers_the_similarity_has_no_heat(net):
    heat = grad_cam.compute_heatmaps(net, make_crop(green=255)[None], make_crop(red=255)[None])
    assert heat[0, 12:, 12:].max() == 0 and heat.min() >= 0


def test_the_backbone_is_not_changed(net):
    grad_cam.compute_heatmaps(net, make_crop(red=9)[None], make_crop(red=9)[None])
    assert "forward_features" not in vars(net.backbone)
    with pytest.raises(ValueError, match="torch"), grad_cam.capture_last_maps(net):
        raise ValueError("torch")
    assert "forward_features" not in vars(net.backbone)
