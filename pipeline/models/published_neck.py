"""Checkpoints of a backbone with its own pooling and normalisation: MiewID's layout.

MiewIdNet (github.com/WildMeOrg/wbia-plugin-miew-id) has a network of timm as `backbone`, a
generalised mean with a trained power as `pooling.p`, and a batch normalisation as `bn`; what else
it has, it needs for training.
"""

import torch
from torch import Tensor, nn

from pipeline.system.errors import UserError

PART = "backbone."
NECK = "neck."  # of a member that was trained from such a checkpoint
POWER, NORM = "pooling.p", "bn."
FLOOR = 1e-6


class PublishedNeck(nn.Module):
    """Pool n x C x h x w maps by a generalised mean and normalise them, n x C."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.full((1,), 3.0))
        self.norm = nn.BatchNorm1d(width)

    def forward(self, maps: Tensor) -> Tensor:
        # float32: a power in half precision loses the small activations
        means = maps.float().clamp(min=FLOOR).pow(self.power).mean(dim=(2, 3))
        return self.norm(means.pow(1 / self.power))


def backbone_part(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the backbone under its own names, if the state dict is of a larger network."""
    return select_part(state, PART) or state


def select_part(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, under their names without it."""
    return {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}


def build_neck(state: dict[str, Tensor], width: int) -> PublishedNeck | None:
    """The pooling and normalisation of a state dict, published or a member's; None if it has none.

    Raises UserError if they are for another width than the backbone's.
    """
    if NECK + "power" in state:
        neck = PublishedNeck(width)
        neck.load_state_dict(select_part(state, NECK))
        return neck
    if POWER not in state:
        return None
    neck = PublishedNeck(width)
    norm = select_part(state, NORM)
    found = len(norm.get("weight", ()))
    if found != width:
        raise UserError(
            f"the weights normalise {found} features, the backbone has {width}: set "
            "train.reduction to 32 if the network is cut"
        )
    neck.norm.load_state_dict(norm)
    neck.power.data.copy_(state[POWER])
    return neck
