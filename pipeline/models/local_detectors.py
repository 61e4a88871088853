"""Learned local features by kornia.

DISK (Tyszkiewicz et al. 2020), ALIKED (Zhao et al. 2023), XFeat (Potje et al. 2024) and DeDoDe
(Edstedt et al. 2024). All were trained on photographs of buildings. Descriptors are unit vectors
with negative numbers; they are stored in bytes, so that distances of bytes are distances of vectors
times LEVELS, as they are for RootSIFT.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.models import published_local
from pipeline.params.photographs import MOST_LEARNED

LEVELS, ZERO = 255, 128
SMALLEST = 32  # pixels per side of what the networks take


class Points(NamedTuple):
    """k keypoints of a canvas: x and y (k x 2), k strengths, k descriptors of any length."""

    places: Tensor
    strengths: Tensor
    descriptors: Tensor


class LocalDetector:
    """A detector of local features, one canvas after another.

    Canvases have their animals' proportions, and padding to a common size would change what the
    networks see: they normalise by the whole canvas. So a GPU has one canvas at a time, while
    threads prepare others.
    """

    def __init__(self, name: str, weights: str) -> None:
        """Load one of DETECTORS; raises UserError if its weights can't be had.

        weights : "pretrained", or a .safetensors or .pth file
        """
        self.net = published_local.to_device(load_network(name, weights))
        _, self.run = DETECTORS[name]
        self.lock = Lock()

    def detect(
        self, rgb: np.ndarray, regions: Sequence[tuple[np.ndarray, int]]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Detect the strongest keypoints of a uint8 H x W x 3 canvas in each region.

        regions : a mask, and how many keypoints are wanted in it

        Returns the positions, k x 2, and descriptors, k x d uint8, of each.
        """
        with self.lock:
            found = self.find_points(enlarge(rgb, "edge"))
        places = found.places.numpy()
        x, y = np.rint(places).astype(int).T
        detected = []
        for mask, count in regions:
            inside = torch.from_numpy(enlarge(mask, "constant")[y, x] > 0)
            strengths = torch.where(inside, found.strengths, -torch.inf)
            order = torch.argsort(strengths, descending=True, stable=True)
            chosen = order[: min(count, int(inside.sum()))].numpy()
            descriptors = to_bytes(found.descriptors.numpy()[chosen])
            detected.append((places[chosen].astype(np.float32), descriptors))
        return detected

    @torch.inference_mode()
    def find_points(self, rgb: np.ndarray) -> Points:
        """All points of a canvas, on the CPU, descriptors as unit vectors."""
        device = next(self.net.parameters()).device
        picture = torch.from_numpy(rgb).to(device).permute(2, 0, 1)[None].float() / 255
        places, strengths, descriptors = self.run(self.net, picture)
        unit = nn.functional.normalize(descriptors.float(), dim=1)
        return Points(places.float().cpu(), strengths.float().cpu(), unit.cpu())


def load_network(name: str, weights: str) -> nn.Module:
    """Load the network of one of DETECTORS on the CPU."""
    key = "keypoints.weights"
    build, _ = DETECTORS[name]
    return published_local.load(build(), published_local.read_weights(name, weights, key), key)


def enlarge(array: np.ndarray, mode: str) -> np.ndarray:
    """Pad an H x W array on the right and below, if it is smaller than SMALLEST."""
    height, width = array.shape[:2]
    below, right = max(SMALLEST - height, 0), max(SMALLEST - width, 0)
    if not below and not right:
        return array
    return np.pad(array, [(0, below), (0, right), (0, 0)][: array.ndim], mode)  # type: ignore[call-overload]


def build_disk() -> nn.Module:
    """DISK without weights."""
    from kornia.feature import DISK  # imported in functions: it takes seconds, and SIFT needs none

    return DISK()


def run_disk(net: nn.Module, picture: Tensor) -> Points:
    """DISK's points are pixels."""
    (found,) = net(picture, n=MOST_LEARNED, pad_if_not_divisible=True)
    return Points(found.keypoints, found.detection_scores, found.descriptors)


def build_aliked() -> nn.Module:
    """ALIKED-n16 without weights, which returns its strongest points, however weak."""
    from kornia.feature import ALIKED

    return ALIKED("aliked-n16", max_num_keypoints=MOST_LEARNED, detection_threshold=0)


def run_aliked(net: nn.Module, picture: Tensor) -> Points:
    """ALIKED's points lie between pixels."""
    (found,) = net(picture)
    return Points(found.keypoints, found.keypoint_scores, found.descriptors)


def build_xfeat() -> nn.Module:
    """XFeat without weights, which returns its strongest points, however weak."""
    from kornia.feature import XFeat

    return XFeat(top_k=MOST_LEARNED, detection_threshold=0)


def run_xfeat(net: nn.Module, picture: Tensor) -> Points:
    """XFeat resizes the canvas to multiples of 32, and scales the numbers of its pixels."""
    (found,) = net.detectAndCompute(picture)  # type: ignore[operator]
    size = torch.tensor([picture.shape[3], picture.shape[2]], device=picture.device)
    enlargement = size / torch.clamp(size // SMALLEST * SMALLEST, min=SMALLEST)
    centres = found["keypoints"] + (enlargement - 1) / 2
    return Points(centres, found["scores"], found["descriptors"])


def build_dedode() -> nn.Module:
    """DeDoDe without weights: detector L, descriptor B (G needs DINOv2 besides)."""
    from kornia.feature import DeDoDe

    return DeDoDe(detector_model="L", descriptor_model="B")


def run_dedode(net: nn.Module, picture: Tensor) -> Points:
    """DeDoDe counts pixel centres from a half."""
    places, strengths, descriptors = net(picture, n=MOST_LEARNED)
    return Points(places[0] - 0.5, strengths[0], descriptors[0])


DETECTORS: dict[str, tuple[Callable[[], nn.Module], Callable[[nn.Module, Tensor], Points]]] = {
    "disk": (build_disk, run_disk),
    "aliked": (build_aliked, run_aliked),
    "xfeat": (build_xfeat, run_xfeat),
    "dedode": (build_dedode, run_dedode),
}


def to_bytes(vectors: np.ndarray) -> np.ndarray:
    """Store k x d numbers between -0.5 and 0.5 as uint8; larger ones are clipped."""
    return np.clip(np.rint(LEVELS * vectors + ZERO), 0, 255).astype(np.uint8)


def from_bytes(stored: np.ndarray) -> np.ndarray:
    """Undo `to_bytes`, to within half a level."""
    return (stored.astype(np.float32) - ZERO) / LEVELS
