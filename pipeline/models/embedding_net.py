"""The embedding network: a backbone, pooling, a linear embedding, a BNNeck; or the first two."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.models import backbones, folding
from pipeline.models.pair_head import PairHead
from pipeline.models.published_neck import PublishedNeck
from pipeline.models.timm_networks import Backbone
from pipeline.system.errors import UserError

GEM_POWER = 3.0
GEM_FLOOR = 1e-6
PROBE = 64  # pixels per side of a crop that only shows which layer follows which


@dataclass(frozen=True)
class Architecture:
    """The choices of an embedding network beside its backbone; see `train` in params.yaml."""

    channels: int  # planes of a crop: 3 RGB, 4 adds the mask, 5 adds edges
    dim: int | None  # of the embedding; None: the pooled features are it, and have no BNNeck
    pooling: str  # of maps: "average" or "gem"; "model": in the network's own way
    bnneck: bool
    grey: bool = False  # sees the luminance in all three colour planes
    reduction: int = backbones.WHOLE  # see `backbones.truncate`
    drop_path: float = 0.0
    cells: tuple[int, int] = (1, 1)  # rows and columns of the maps that are pooled apart


class EmbeddingNet(nn.Module):
    """Crops (n x C x H x W uint8) to vectors.

    `forward` returns (features, embeddings), both n x dim: before and after the BNNeck (equal
    without one). `embed` returns what is stored and searched: embeddings of length 1. A siamese
    network also has a `pair_head`, which compares two embeddings.
    """

    mean: Tensor  # of each input plane, 1 x C x 1 x 1
    std: Tensor

    def __init__(
        self,
        backbone: Backbone,
        architecture: Architecture,
        pair_head: PairHead | None = None,
        neck: PublishedNeck | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling, self.grey = architecture.pooling, architecture.grey
        self.cells = architecture.cells
        self.pair_head = pair_head
        self.neck = neck  # of published weights; it replaces `pooling`
        self.size = backbones.needed_size(backbone)
        rows, columns = self.cells
        own = (
            self.pooling == "model"
            or not backbones.has_maps(backbone)
            or (rows * columns > 1 and backbones.gives_tokens(backbone, architecture.channels))
        )
        maps_width = backbone.num_features * rows * columns
        self.width = backbone.head_hidden_size if own else maps_width
        self.dim = architecture.dim or self.width  # of the embedding
        self.linear, self.bnneck = build_head(self.width, architecture)
        mean, std = input_statistics(backbone, architecture.channels)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)
        self._frozen_modules: list[nn.Module] = []  # of the first stages
        self._frozen_parameters: list[nn.Parameter] = []  # of a frozen backbone

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        features = self.linear(self.pool_maps(crops))
        return features, self.bnneck(features)

    def pool_maps(self, crops: Tensor) -> Tensor:
        """Compute the backbone's last maps or tokens and pool them, n x width.

        Tokens, and maps with the channels last, are pooled in the network's own way. What is n x
        width has been pooled before, and is returned as it is.
        """
        if crops.ndim == 2:
            return crops
        crops = to_luminance(crops.float()) if self.grey else crops.float()
        inputs = (crops / 255 - self.mean) / self.std
        if self.size and self.size != inputs.shape[2:]:
            inputs = resize(inputs, self.size, self.backbone.pretrained_cfg["interpolation"])
        maps = self.backbone.forward_features(inputs.contiguous(memory_format=torch.channels_last))
        pooled = self._pool(maps)
        if pooled.ndim != 2 or pooled.shape[1] != self.width:
            raise UserError(
                f"pooled features are {tuple(pooled.shape)}, not n x {self.width}: take "
                "train.pooling gem or average, or the whole backbone (train.reduction 32)"
            )
        return pooled

    def _pool(self, features: Tensor) -> Tensor:
        maps = features.ndim == 4 and backbones.has_maps(self.backbone)
        if maps and self.neck is not None:
            return self.neck(features)
        if maps and self.pooling != "model":
            return pool(features, self.pooling, self.cells)
        return self.backbone.forward_head(features, pre_logits=True)

    def embed(self, crops: Tensor) -> Tensor:
        """Compute the unit vectors of crops, n x dim."""
        return F.normalize(self(crops)[1].float())

    def freeze_stages(self, stages: int) -> None:
        """Stop training the first `stages` stages of the backbone, batch statistics included.

        A first convolution with planes for mask or edges is trained: their weights start at 0.
        """
        if stages:
            names = backbones.first_stage_parameters(self.backbone, stages)
            if self.mean.shape[1] > 3:
                first = backbones.first_convolution(self.backbone)
                names = [name for name in names if name != first]
            parameters = dict(self.backbone.named_parameters())
            for name in names:
                parameters[name].requires_grad_(False)
            self._frozen_modules = backbones.modules_of(self.backbone, set(names))
        self.train(self.training)

    def fold_frozen_stages(self) -> None:
        """Fold the batch normalisation of the stages that stay frozen into their convolutions.

        Call it where the network is trained: weights that are loaded or moved later have no effect
        on these stages.
        """
        self._fold(set(self._frozen_modules))

    def fold_backbone(self) -> None:
        """Fold all of the backbone's batch normalisation, for a network that only predicts.

        Call it on the device that predicts, with the weights loaded. A second call does nothing.
        """
        self._fold(set(self.backbone.modules()))

    def _fold(self, modules: set[nn.Module]) -> None:
        if not any(folding.is_batch_norm(module) for module in modules):
            return
        training, backbone = self.training, self.eval().backbone
        size = self.size or (PROBE, PROBE)
        noise = torch.randn(self.mean.shape[1], *size, generator=torch.Generator().manual_seed(0))
        crop = noise.unsqueeze(0).to(self.mean.device)
        folding.fold_pairs(modules, lambda: backbone.forward_features(crop), backbone)
        self.train(training)

    def freeze_backbone(self, frozen: bool) -> None:
        """Stop training the backbone, batch statistics included, or go on with it."""
        if frozen and not self._frozen_parameters:
            parameters = self.backbone.parameters()
            self._frozen_parameters = [p for p in parameters if p.requires_grad]
            for parameter in self._frozen_parameters:
                parameter.requires_grad_(False)
        elif self._frozen_parameters and not frozen:
            for parameter in self._frozen_parameters:
                parameter.requires_grad_(True)
            self._frozen_parameters = []

    def train(self, mode: bool = True) -> "EmbeddingNet":
        """Set the mode; what is frozen stays in eval mode."""
        super().train(mode)
        backbone = [self.backbone] if self._frozen_parameters else []
        for module in [*self._frozen_modules, *backbone]:
            module.eval()
        return self


def build_head(width: int, architecture: Architecture) -> tuple[nn.Module, nn.Module]:
    """The linear embedding of `width` features and the BNNeck; they do nothing if they are off."""
    dim = architecture.dim
    if dim is None:
        return nn.Identity(), nn.Identity()
    linear = nn.Linear(width, dim)
    return linear, nn.BatchNorm1d(dim) if architecture.bnneck else nn.Identity()


def to_luminance(crops: Tensor) -> Tensor:
    """Replace red, green and blue of n x C x H x W by their luminance (ITU-R BT.601)."""
    weights = crops.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    grey = (crops[:, :3] * weights).sum(dim=1, keepdim=True)
    return torch.cat([grey.expand(-1, 3, -1, -1), crops[:, 3:]], dim=1)


def pool(maps: Tensor, pooling: str, cells: tuple[int, int] = (1, 1)) -> Tensor:
    """Pool n x C x h x w to n x (C * rows * columns), the cells of a channel side by side.

    pooling : "average", or "gem": the generalised mean of power 3 (1711.02512)
    cells : rows and columns of equal parts of the maps; of several, each is pooled alone, so that
        features also say where they lie, as the parts of 1711.09349 do
    """
    if pooling == "average":
        return average_cells(maps, cells)
    # float32: a cube in half precision loses the small activations
    cubes = maps.float().clamp(min=GEM_FLOOR).pow(GEM_POWER)
    return average_cells(cubes, cells).pow(1 / GEM_POWER)


def average_cells(maps: Tensor, cells: tuple[int, int]) -> Tensor:
    """Compute the mean of each cell of n x C x h x w maps, n x (C * rows * columns)."""
    if cells == (1, 1):
        return maps.mean(dim=(2, 3))
    return F.adaptive_avg_pool2d(maps, cells).flatten(1)


def resize(inputs: Tensor, size: tuple[int, int], interpolation: str) -> Tensor:
    """Resize n x C x H x W inputs by the interpolation that the network was trained with."""
    mode = interpolation if interpolation in ("bilinear", "bicubic") else "bicubic"
    return F.interpolate(inputs, size, mode=mode, antialias=True)


def input_statistics(backbone: Backbone, channels: int) -> tuple[Tensor, Tensor]:
    """Mean and deviation of every input plane, 1 x C x 1 x 1; .5 for the mask and edges."""
    config = backbone.pretrained_cfg
    extra = (0.5,) * (channels - 3)
    planes = [torch.tensor((*config[key], *extra)) for key in ("mean", "std")]
    return planes[0].view(1, -1, 1, 1), planes[1].view(1, -1, 1, 1)
