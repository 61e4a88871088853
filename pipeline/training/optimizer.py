"""The optimizer of all embedding networks."""

import torch
from lightning_fabric import Fabric

from pipeline.system import device


def build_optimizer(groups: list[dict], fabric: Fabric) -> torch.optim.AdamW:
    """Build AdamW of parameter groups; it passes over the weights once where it can ("fused").

    On a CPU with 28 crops of 80 x 160 its step took 3 ms of 310, and 7 otherwise. With scaled
    gradients Fabric would refuse to clip them before a fused step.
    """
    return torch.optim.AdamW(groups, fused=not device.scales_gradients(fabric))
