"""State dicts in files of others: .safetensors, or .pth of which only tensors are unpickled."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from pipeline.system.errors import UserError

# keys of files that trainings write; DISK's is "extractor"
WRAPPERS = ("state_dict", "model", "model_state_dict", "extractor")


def read_state_dict(path: Path, key: str) -> dict[str, Tensor]:
    """Read a state dict. Raises UserError, which begins with the `key` that names the file."""
    if not path.is_file():
        raise UserError(f"{key}: there is no file {path}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file, or one with more than tensors
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{key}: {path} can't be read: {reason}") from None
    state = unwrap(state)
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise UserError(f"{key}: {path} holds no state dict")
    return state


def unwrap(stored: object) -> object:
    """The state dict of a training's file, which often has it under a key beside other things."""
    inner = [stored[key] for key in WRAPPERS if key in stored] if isinstance(stored, dict) else []
    return inner[0] if inner and isinstance(inner[0], dict) else stored
