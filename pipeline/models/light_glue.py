"""LightGlue (Lindenberger et al. 2023) by kornia, which matches two photographs' local features.

Only for detectors whose descriptors it was trained on as unit vectors, as they are stored: those
of DeDoDe have lengths, and those of SIFT come with a scale and a direction.
"""

import re
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.models import published_local
from pipeline.models.local_detectors import from_bytes


class LightGlue:
    """The matcher of one detector's features (disk, aliked or xfeat)."""

    def __init__(self, detector: str, weights: str) -> None:
        """Load it; raises UserError if its weights can't be had.

        weights : "pretrained", or a .safetensors or .pth file
        """
        self.net = published_local.to_device(load_network(detector, weights))

    @torch.inference_mode()
    def match(
        self,
        points: tuple[np.ndarray, np.ndarray],
        descriptors: tuple[np.ndarray, np.ndarray],
        sizes: tuple[np.ndarray, np.ndarray],
    ) -> np.ndarray:
        """Match the keypoints of two photographs; returns n x 2 rows.

        points, descriptors : k x 2 and k x d uint8 of each photograph
        sizes : width and height of each photograph's canvas
        """
        if min(map(len, descriptors)) < 2:  # kornia takes the next best for granted
            return np.empty((0, 2), int)
        sides = zip(points, descriptors, sizes, strict=True)
        found = self.net({f"image{i}": self.to_input(*side) for i, side in enumerate(sides)})
        return found["matches"][0].cpu().numpy().astype(int)

    def to_input(
        self, points: np.ndarray, descriptors: np.ndarray, size: np.ndarray
    ) -> dict[str, Tensor]:
        """One photograph's features as the network takes them."""
        device = next(self.net.parameters()).device
        arrays = {
            "keypoints": points.astype(np.float32),
            "descriptors": from_bytes(descriptors),
            "image_size": np.asarray(size, np.float32),
        }
        return {name: torch.from_numpy(array)[None].to(device) for name, array in arrays.items()}


def load_network(detector: str, weights: str) -> nn.Module:
    """Load LightGlue for a detector's features on the CPU."""
    key = "match.matcher_weights"
    state = published_local.read_weights(f"lightglue of {detector}", weights, key)
    return published_local.load(build(detector), rename(state), key)


def build(detector: str) -> nn.Module:
    """LightGlue for a detector's features, without weights."""
    from kornia.feature import LightGlue as Network  # takes seconds

    settings = Network.features[detector] | {"weights": None}
    return Network(None, **settings)  # type: ignore[arg-type]


def rename(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published weights by the network's own names: self_attn.2 is transformers.2.self_attn."""
    return {
        re.sub(r"^(self|cross)_attn\.(\d+)", r"transformers.\2.\1_attn", name): tensor
        for name, tensor in ((key.removeprefix("matcher."), value) for key, value in state.items())
    }
