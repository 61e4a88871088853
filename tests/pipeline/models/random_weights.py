"""Networks of local features with random weights, in files as a user gives them."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from pipeline.models import local_detectors


def write(net: nn.Module, path: Path) -> str:
    """Write a network's weights; returns the file."""
    save_file({name: tensor.clone() for name, tensor in net.state_dict().items()}, path)
    return str(path)


def write_detector(name: str, folder: Path) -> str:
    """Write random weights of a local detector, the same in every test; returns the file."""
    torch.manual_seed(0)
    return write(local_detectors.DETECTORS[name][0](), folder / f"{name}.safetensors")
