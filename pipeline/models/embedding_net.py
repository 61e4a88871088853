"""The embedding network: a backbone, pooling, a linear embedding, a BNNeck."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from pipeline.models import backbones, pair_head
from pipeline.models.pair_head import PairHead
from pipeline.params import Backbone, Train

GEM_POWER = 3.0
GEM_FLOOR = 1e-6


class EmbeddingNet(nn.Module):
    """Crops (n x C x H x W uint8) to vectors.

    `forward` returns (features, embeddings), both n x dim: before and after the BNNeck (equal
    without one). `embed` returns what is stored and searched: embeddings of length 1. A `grey`
    network sees the luminance in all three colour planes. A twin network has a `pair_head` too,
    which compares two embeddings.
    """

    def __init__(
        self,
        backbone: nn.Module,
        *,
        channels: int,
        dim: int,
        pooling: str,
        bnneck: bool,
        grey: bool = False,
        pair_head: PairHead | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = pooling
        self.grey = grey
        self.pair_head = pair_head
        self.linear = nn.Linear(backbone.num_features, dim)
        self.bnneck = nn.BatchNorm1d(dim) if bnneck else nn.Identity()
        mean, std = input_statistics(backbone, channels)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)
        self._frozen: list[nn.Module] = []
        self._held: list[nn.Parameter] = []

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        features = self.linear(self.pooled_maps(crops))
        return features, self.bnneck(features)

    def pooled_maps(self, crops: Tensor) -> Tensor:
        """What the backbone says, n x width."""
        crops = without_colour(crops.float()) if self.grey else crops.float()
        inputs = (crops / 255 - self.mean) / self.std
        maps = self.backbone.forward_features(inputs.contiguous(memory_format=torch.channels_last))
        if maps.ndim != 4 or maps.shape[1] != self.linear.in_features:
            raise ValueError(
                f"features are {tuple(maps.shape)}, not n x {self.linear.in_features} x h x w: "
                "backbones.<name>.timm_name must be a convolutional network"
            )
        return pooled(maps, self.pooling)

    def embed(self, crops: Tensor) -> Tensor:
        return F.normalize(self(crops)[1].float())

    def freeze(self, stages: int) -> None:
        """Stop learning in the first `stages` stages; their batch statistics stay as they are.

        A first convolution with planes of its own for mask or edges goes on: these start at 0.
        """
        if stages:
            names = backbones.first_stages(self.backbone, stages)
            if self.mean.shape[1] > 3:
                names = [
                    name for name in names if name != backbones.first_convolution(self.backbone)
                ]
            frozen = dict(self.backbone.named_parameters())
            for name in names:
                frozen[name].requires_grad_(False)
            owners = {name.rpartition(".")[0] for name in names}
            self._frozen = [self.backbone.get_submodule(owner) for owner in sorted(owners)]
        self.train(self.training)

    def hold_backbone(self, held: bool) -> None:
        """Stop learning in the whole backbone, its statistics too, or let it go on."""
        if held and not self._held:
            self._held = [one for one in self.backbone.parameters() if one.requires_grad]
            for parameter in self._held:
                parameter.requires_grad_(False)
        elif self._held and not held:
            for parameter in self._held:
                parameter.requires_grad_(True)
            self._held = []

    def train(self, mode: bool = True) -> "EmbeddingNet":
        super().train(mode)
        for module in [*self._frozen, *([self.backbone] if self._held else [])]:
            module.eval()
        return self


def without_colour(crops: Tensor) -> Tensor:
    """Red, green and blue of n x C x H x W each made their luminance (ITU-R BT.601)."""
    weights = crops.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    grey = (crops[:, :3] * weights).sum(dim=1, keepdim=True)
    return torch.cat([grey.expand(-1, 3, -1, -1), crops[:, 3:]], dim=1)


def pooled(maps: Tensor, pooling: str) -> Tensor:
    """n x C x h x w to n x C: the mean, or the generalised mean of power 3 (arXiv:1711.02512)."""
    if pooling == "average":
        return maps.mean(dim=(2, 3))
    # float32: a cube in half precision loses the small activations
    return maps.float().clamp(min=GEM_FLOOR).pow(GEM_POWER).mean(dim=(2, 3)).pow(1 / GEM_POWER)


def input_statistics(backbone: nn.Module, channels: int) -> tuple[Tensor, Tensor]:
    """Mean and deviation of every input plane, 1 x C x 1 x 1; .5 for the mask and edges."""
    config = backbone.pretrained_cfg
    extra = (0.5,) * (channels - 3)
    planes = [torch.tensor((*config[key], *extra)) for key in ("mean", "std")]
    return planes[0].view(1, -1, 1, 1), planes[1].view(1, -1, 1, 1)


def build(
    timm_name: str,
    *,
    first_weights: str,
    channels: int,
    dim: int,
    pooling: str,
    bnneck: bool,
    reduction: int = backbones.WHOLE,
    drop_path: float = 0.0,
    grey: bool = False,
    pair_head: PairHead | None = None,
) -> EmbeddingNet:
    """The network with its first weights: "imagenet", "none", or a file with a state dict."""
    backbone = backbones.build(
        timm_name,
        first_weights=first_weights,
        channels=channels,
        reduction=reduction,
        drop_path=drop_path,
    )
    return EmbeddingNet(
        backbone,
        channels=channels,
        dim=dim,
        pooling=pooling,
        bnneck=bnneck,
        grey=grey,
        pair_head=pair_head,
    )


def for_backbone(backbone: Backbone, settings: Train, trained: bool = False) -> EmbeddingNet:
    """The network of one backbone's settings; `trained` where its own weights will be loaded."""
    return build(
        backbone.timm_name,
        first_weights="none" if trained else backbone.weights,
        channels=settings.channels,
        dim=settings.embedding,
        pooling=settings.pooling,
        bnneck=settings.bnneck,
        reduction=settings.reduction,
        drop_path=settings.drop_path,
        grey=settings.grey,
        pair_head=pair_head.for_member(settings),
    )


def load_trained(backbone: Backbone, settings: Train, model: Path) -> EmbeddingNet:
    """The trained network of one member, from the safetensors file that `train` wrote."""
    net = for_backbone(backbone, settings, trained=True)
    net.load_state_dict(load_file(model))
    return net


def start_from(net: EmbeddingNet, pretrained: Path) -> None:
    """Give the backbone the weights of a safetensors file, where that holds any."""
    state = load_file(pretrained)
    if state:
        net.backbone.load_state_dict(state)


def backbone_state(net: EmbeddingNet) -> dict[str, np.ndarray]:
    """The backbone's weights as arrays, to be stored for `start_from`."""
    state = net.backbone.state_dict()
    return {name: np.ascontiguousarray(tensor.cpu().numpy()) for name, tensor in state.items()}
