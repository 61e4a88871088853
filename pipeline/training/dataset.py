"""Crops as tensors: one item is one view of one packed crop."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from pipeline.params import Augment
from pipeline.training import augment


class View(NamedTuple):
    """What a batch sampler asks for: the row of the packed array, its label, and how it is seen."""

    row: int
    label: int  # -1 for new_whale
    flipped: bool
    seed: int


class Views(Dataset):
    """Items (C x H x W uint8 tensor, label) for `View` keys.

    `strength` None sees the crop as it is. `backgrounds` are the rows whose surroundings an animal
    may be put before: those that train. The memory map is opened on first use, so that a worker
    process opens its own.
    """

    def __init__(
        self,
        crops: Path,
        channels: int,
        strength: Augment | None,
        backgrounds: np.ndarray | None = None,
    ) -> None:
        self.crops = crops
        self.channels = channels
        self.strength = strength
        self.backgrounds = backgrounds
        self.transform = augment.training(strength) if strength else None
        self._packed: np.ndarray | None = None

    def __getitem__(self, key: View) -> tuple[torch.Tensor, int]:
        if self._packed is None:
            self._packed = np.load(self.crops, mmap_mode="r")
        crop = np.array(self._packed[key.row])
        if self.strength:
            crop = self._elsewhere(crop, key.seed)
        if key.flipped:
            crop = np.ascontiguousarray(crop[:, ::-1])
        if self.strength:
            crop = augment.view(self.transform, crop, key.seed)
            if happens(self.strength.mask_dropout, key.seed, 1):
                crop[:, :, 3] = 0
        return torch.from_numpy(planes(crop, self.channels)), key.label

    def _elsewhere(self, crop: np.ndarray, seed: int) -> np.ndarray:
        """The animal before another training photograph's background, as often as asked."""
        if self.backgrounds is None or not happens(self.strength.background, seed, 2):
            return crop
        other = np.random.default_rng([seed, 3]).choice(self.backgrounds)
        return augment.before(crop, np.array(self._packed[other]))


def happens(probability: float, seed: int, what: int) -> bool:
    """The throw of one of the dice that a view's seed stands for."""
    return probability > 0 and np.random.default_rng([seed, what]).random() < probability


def planes(crop: np.ndarray, channels: int) -> np.ndarray:
    """A crop (H x W x 4 uint8) as C x H x W: 3 is RGB, 4 adds the mask, 5 adds edges."""
    picture = crop[:, :, : min(channels, 4)]
    if channels == 5:
        picture = np.dstack([picture, edges(crop[:, :, :3])])
    return np.ascontiguousarray(picture.transpose(2, 0, 1))


def edges(rgb: np.ndarray) -> np.ndarray:
    """Gradient magnitude of the grey image, H x W uint8, clipped at 255."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    # rounded: a root of 25 is 5 or a hair less, as memory happens to lie
    return np.rint(cv2.magnitude(across, down).clip(0, 255)).astype(np.uint8)
