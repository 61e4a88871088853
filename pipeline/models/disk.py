"""DISK features (Tyszkiewicz et al. 2020) and LightGlue (Lindenberger et al. 2023), by kornia.

Both were trained on photographs of buildings, and both have to be downloaded once. Descriptors
are unit vectors with negative numbers; they are stored in bytes, so that distances of bytes are
distances of vectors times LEVELS, as they are for RootSIFT.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from pipeline.system.errors import UserError

LEVELS, ZERO = 255, 128
Net = TypeVar("Net", bound=nn.Module)


class Disk:
    """The detector. Raises UserError if its weights, or LightGlue's, cannot be fetched."""

    def __init__(self) -> None:
        from kornia.feature import DISK  # imported here: it takes seconds, and SIFT needs none

        self.net = fetch(DISK.from_pretrained, "DISK")
        LightGlue()  # needed hours later, by the step `match`: fail now if it is missing

    @torch.inference_mode()
    def detect(
        self, rgb: np.ndarray, regions: Sequence[tuple[np.ndarray, int]]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Detect the strongest keypoints of a uint8 H x W x 3 canvas in each region.

        regions : a mask, and how many keypoints are wanted in it

        Returns the positions, k x 2, and descriptors, k x 128 uint8, of each.
        """
        picture = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
        (features,) = self.net(picture.to(device_of(self.net)), pad_if_not_divisible=True)
        points = features.keypoints.cpu().numpy()
        x, y = np.rint(points).astype(int).T  # DISK's points are pixels
        strength = features.detection_scores.cpu().numpy()
        descriptors = features.descriptors.cpu().numpy()
        detected = []
        for mask, count in regions:
            inside = np.flatnonzero(mask[y, x])
            chosen = inside[np.argsort(-strength[inside], kind="stable")[:count]]
            detected.append((points[chosen].astype(np.float32), to_bytes(descriptors[chosen])))
        return detected


class LightGlue:
    """The matcher. Raises UserError if its weights cannot be fetched."""

    def __init__(self) -> None:
        from kornia.feature import LightGlueMatcher

        self.net = fetch(lambda: LightGlueMatcher("disk"), "LightGlue")

    @torch.inference_mode()
    def match(
        self,
        points: tuple[np.ndarray, np.ndarray],
        descriptors: tuple[np.ndarray, np.ndarray],
        sizes: tuple[np.ndarray, np.ndarray],
    ) -> np.ndarray:
        """Match the keypoints of two photographs; returns n x 2 rows.

        points, descriptors : k x 2 and k x 128 uint8 of each photograph
        sizes : width and height of each photograph's canvas
        """
        from kornia.feature import laf_from_center_scale_ori

        device = device_of(self.net)
        frames = [laf_from_center_scale_ori(torch.from_numpy(p)[None].to(device)) for p in points]
        vectors = [torch.from_numpy(from_bytes(d)).to(device) for d in descriptors]
        shapes = [(float(size[1]), float(size[0])) for size in sizes]
        _, matches = self.net(*vectors, *frames, *shapes)
        return matches.cpu().numpy().astype(int)


def device_of(net: nn.Module) -> torch.device:
    """The device that a network is on."""
    return next(net.parameters()).device


def fetch(load: Callable[[], Net], name: str) -> Net:
    """Fetch a network that is downloaded once, and put it on the GPU if there is one.

    Raises UserError, with ways out, if `load` fails.
    """
    try:
        net = load()
    except Exception as error:  # the download raises a dozen kinds
        raise UserError(
            f"the weights of {name} can't be fetched ({type(error).__name__}: {error}). "
            f"Ways out: put the file into {torch.hub.get_dir()}/checkpoints, or take "
            "keypoints.detector: sift, which needs none"
        ) from error
    return net.eval().to("cuda" if torch.cuda.is_available() else "cpu")


def to_bytes(vectors: np.ndarray) -> np.ndarray:
    """Store k x d numbers between -0.5 and 0.5 as uint8; larger ones are clipped."""
    return np.clip(np.rint(LEVELS * vectors + ZERO), 0, 255).astype(np.uint8)


def from_bytes(stored: np.ndarray) -> np.ndarray:
    """Undo `to_bytes`, to within half a level."""
    return (stored.astype(np.float32) - ZERO) / LEVELS
