"""Weights that a stage has written: stored with their checksum, and loaded whole or not at all.

It imports no torch, as the stages that write no weights by default do not.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from pipeline.system import files
from pipeline.system.errors import OTHER_SETTINGS, UserError, explain_damage

if TYPE_CHECKING:
    from torch import Tensor, nn

CHECKSUM = "sha256"  # a key of the file's metadata


def to_arrays(net: "nn.Module") -> dict[str, np.ndarray]:
    """All weights of a network by name."""
    return {name: tensor.cpu().numpy() for name, tensor in net.state_dict().items()}


def save_weights(state: Mapping[str, np.ndarray], path: Path) -> None:
    """Write arrays as safetensors, with their checksum: the format has none of its own."""
    arrays = {name: np.require(array, requirements="C") for name, array in state.items()}
    metadata = {CHECKSUM: hash_arrays(arrays)}
    files.replace(path, lambda part: save_file(arrays, part, metadata))


def read_weights(path: Path) -> "dict[str, Tensor]":
    """Read what `save_weights` wrote; raises UserError if it is missing or damaged."""
    with explain_damage(path), safe_open(path, "pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        expected = (file.metadata() or {}).get(CHECKSUM)
        arrays = {name: tensor.numpy() for name, tensor in state.items()}
        if expected is not None and expected != hash_arrays(arrays):
            raise ValueError("the checksum of its tensors is another")
        return state


def hash_arrays(state: Mapping[str, np.ndarray]) -> str:
    """The SHA-256 of all names, shapes and values."""
    digest = hashlib.sha256()
    for name in sorted(state):
        array = state[name]
        digest.update(f"{name} {array.dtype} {list(array.shape)}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def load_weights(net: "nn.Module", state: "Mapping[str, Tensor]", path: Path) -> None:
    """Load tensors into a network, all that it has; `path` is for the message only.

    Raises UserError if they are those of another network.
    """
    try:
        net.load_state_dict(state)
    except RuntimeError:  # one line per tensor
        raise UserError(f"{path} has the weights of another network: {OTHER_SETTINGS}") from None
