"""Where the weights of local features and matchers are published, and how they are loaded.

None comes with the installation, and none is part of Tailprint: each is fetched once into torch's
cache, or read from a file of the user's. Either way only tensors are unpickled. Licences:
docs/guide/local-matchers.md.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.models.state_files import read_state_dict, unwrap
from pipeline.system.errors import UserError

PUBLISHED = "pretrained"  # the word for published weights, as for backbones

KORNIA = "https://huggingface.co/kornia"
DEDODE = "https://github.com/Parskatt/DeDoDe/releases/download"
# of each network its parts, by the beginning of their weights' names; of each part the addresses
# of one file, which has the name of the first
ADDRESSES: dict[str, dict[str, list[str]]] = {
    "disk": {
        "": [
            f"{KORNIA}/disk/resolve/main/depth-save.pth",
            "https://raw.githubusercontent.com/cvlab-epfl/disk/master/depth-save.pth",
        ]
    },
    "aliked": {
        "": [
            f"{KORNIA}/aliked/resolve/main/aliked-n16.pth",
            "https://github.com/Shiaoming/ALIKED/raw/main/models/aliked-n16.pth",
        ]
    },
    "xfeat": {"net.": ["https://github.com/verlab/accelerated_features/raw/main/weights/xfeat.pt"]},
    "dedode": {
        "detector.": [
            f"{KORNIA}/dedode/resolve/main/dedode_detector_L_v2.pth",
            f"{DEDODE}/v2/dedode_detector_L_v2.pth",
        ],
        "descriptor.": [
            f"{KORNIA}/dedode/resolve/main/dedode_descriptor_B.pth",
            f"{DEDODE}/dedode_pretrained_models/dedode_descriptor_B.pth",
        ],
    },
    "loftr": {"": [f"{KORNIA}/loftr/resolve/main/loftr_outdoor.ckpt"]},
    "lightglue of disk": {"": [f"{KORNIA}/lightglue/resolve/main/disk_lightglue.pth"]},
    "lightglue of aliked": {"": [f"{KORNIA}/lightglue/resolve/main/aliked_lightglue.pth"]},
    "lightglue of xfeat": {"": [f"{KORNIA}/lightglue/resolve/main/xfeat-lighterglue.pt"]},
}


def read_weights(network: str, weights: str, key: str) -> dict[str, Tensor]:
    """Read the weights of a `network` (a key of ADDRESSES): those published, or a file's.

    weights : PUBLISHED, or a .safetensors or .pth file
    key : of params.yaml, for the messages

    Raises UserError if they can't be read or fetched.
    """
    parts = ADDRESSES[network]
    if weights != PUBLISHED:
        return complete_names(read_state_dict(Path(weights), key), parts)
    try:
        return {
            prefix + name: tensor
            for prefix, addresses in parts.items()
            for name, tensor in fetch(addresses).items()
        }
    except Exception as error:  # the download raises a dozen kinds
        raise UserError(explain(network, error, key)) from None


def complete_names(state: dict[str, Tensor], parts: Mapping[str, object]) -> dict[str, Tensor]:
    """The names of a network's only part as the whole network has them."""
    prefix = next(iter(parts)) if len(parts) == 1 else ""
    if any(name.startswith(prefix) for name in state):
        return state
    return {prefix + name: tensor for name, tensor in state.items()}


def fetch(addresses: list[str]) -> Mapping[str, Tensor]:
    """Fetch one file into torch's cache, unless it is there; the state dict in it."""
    from kornia.core.download import load_state_dict_from_url  # takes seconds

    with warnings.catch_warnings(action="ignore"):  # of every attempt
        stored = load_state_dict_from_url(addresses, map_location="cpu", weights_only=True)
    state = unwrap(stored)
    if not isinstance(state, dict):
        raise TypeError(f"{addresses[0]} has no state dict")
    return state


def explain(network: str, error: Exception, key: str) -> str:
    """Why published weights cannot be had, and how to bring their files, in one line."""
    first = [addresses[0] for addresses in ADDRESSES[network].values()]
    reason = " ".join(str(error).split())[:200]
    own = f", or give {key} the path of that .safetensors or .pth file" if len(first) == 1 else ""
    return (
        f"{key}: the published weights of {network} cannot be fetched ({type(error).__name__}: "
        f"{reason}). Ways out: download {' and '.join(first)} elsewhere and put "
        f"{' and '.join(map(file_name, first))} into {torch.hub.get_dir()}/checkpoints{own}; or "
        "take keypoints.detector: sift, match.matcher: nearest and match.pairs: none, which need "
        "no weights"
    )


def file_name(address: str) -> str:
    """The name of the file at an address."""
    return address.rpartition("/")[2]


def load(net: nn.Module, state: Mapping[str, Tensor], key: str) -> nn.Module:
    """Load everything that a network has learned; it is then ready to be used.

    Raises UserError, which begins with `key`, if the weights are those of another network.
    """
    try:
        missing, _ = net.load_state_dict(dict(state), strict=False)
    except RuntimeError as error:  # one line per tensor
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{key}: weights of another network ({reason})") from None
    parameters = {name for name, _ in net.named_parameters()}
    learned = [name for name in missing if name in parameters or "running_" in name]
    if learned:
        raise UserError(f"{key}: weights of another network (without {learned[:3]})")
    return net.eval()


def to_device(net: nn.Module) -> nn.Module:
    """Put a network on the GPU if there is one."""
    return net.to("cuda" if torch.cuda.is_available() else "cpu")
