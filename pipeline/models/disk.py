"""DISK features (Tyszkiewicz et al. 2020) and LightGlue (Lindenberger et al. 2023), by kornia.

Both were learned from photographs of buildings, and both have to be downloaded once. Descriptors
are unit vectors with negative numbers; they are kept in bytes, so that distances of bytes are
distances of vectors times LEVELS, as they are for RootSIFT.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import nn

LEVELS, ZERO = 255, 128
Net = TypeVar("Net", bound=nn.Module)


class Disk:
    """The detector. Raises RuntimeError where its weights, or LightGlue's, can't be had."""

    def __init__(self) -> None:
        from kornia.feature import DISK  # takes seconds, and few ask for it

        self.net = fetched(DISK.from_pretrained, "DISK")
        LightGlue()  # asked for later, after hours of training: better missed now

    @torch.inference_mode()
    def find(self, rgb: np.ndarray, mask: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The `count` strongest points of a uint8 H x W x 3 canvas inside its mask: k x 2, and
        their descriptors, k x 128 uint8.
        """
        picture = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
        (found,) = self.net(picture.to(where(self.net)), pad_if_not_divisible=True)
        points = found.keypoints.cpu().numpy()
        across, down = np.rint(points).astype(int).T  # DISK's points are pixels
        inside = np.flatnonzero(mask[down, across])
        strength = found.detection_scores.cpu().numpy()[inside]
        kept = inside[np.argsort(-strength, kind="stable")[:count]]
        return points[kept].astype(np.float32), as_bytes(found.descriptors.cpu().numpy()[kept])


class LightGlue:
    """The matcher. Raises RuntimeError where its weights can't be had."""

    def __init__(self) -> None:
        from kornia.feature import LightGlueMatcher

        self.net = fetched(lambda: LightGlueMatcher("disk"), "LightGlue")

    @torch.inference_mode()
    def pairs(
        self,
        points: tuple[np.ndarray, np.ndarray],
        descriptors: tuple[np.ndarray, np.ndarray],
        sizes: tuple[np.ndarray, np.ndarray],
    ) -> np.ndarray:
        """Matches (n x 2 rows) of two photographs: k x 2 points, k x 128 uint8 descriptors and the
        canvas's width and height of each.
        """
        from kornia.feature import laf_from_center_scale_ori

        own = where(self.net)
        lafs = [laf_from_center_scale_ori(torch.from_numpy(one)[None].to(own)) for one in points]
        vectors = [torch.from_numpy(as_vectors(one)).to(own) for one in descriptors]
        shapes = [(float(size[1]), float(size[0])) for size in sizes]
        _, found = self.net(*vectors, *lafs, *shapes)
        return found.cpu().numpy().astype(int)


def where(net: nn.Module) -> torch.device:
    """The device that a network is on."""
    return next(net.parameters()).device


def fetched(make: Callable[[], Net], what: str) -> Net:
    """A downloaded network, on the GPU where there is one; RuntimeError where it can't be had."""
    try:
        net = make()
    except Exception as error:  # the download raises a dozen kinds
        raise RuntimeError(
            f"the weights of {what} can't be fetched ({type(error).__name__}: {error}). "
            f"Ways out: put the file into {torch.hub.get_dir()}/checkpoints, or take "
            "keypoints.detector: sift, which needs none"
        ) from error
    return net.eval().to("cuda" if torch.cuda.is_available() else "cpu")


def as_bytes(vectors: np.ndarray) -> np.ndarray:
    """k x d numbers between -0.5 and 0.5, as uint8; what is larger is cut off."""
    return np.clip(np.rint(LEVELS * vectors + ZERO), 0, 255).astype(np.uint8)


def as_vectors(stored: np.ndarray) -> np.ndarray:
    """What `as_bytes` was given, to within a half of a level."""
    return (stored.astype(np.float32) - ZERO) / LEVELS
