"""Crops as tensors: one item is one view of one packed crop."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, cast

import cv2
import numpy as np
import torch
from lightning_fabric import Fabric
from torch.utils.data import DataLoader, Dataset

from pipeline.data import tables
from pipeline.data.planes import choose_planes, split
from pipeline.params import Augment
from pipeline.system import device, interruptions
from pipeline.training.augment import Augmentation
from pipeline.training.background import replace_background

# independent random decisions of one view, beside its seed
MASK_DROPOUT, BACKGROUND, OTHER_CROP = 1, 2, 3


class View(NamedTuple):
    """One view that a batch sampler asks for."""

    row: int  # of the packed crops
    label: int  # -1 for new_whale
    flipped: bool
    seed: int  # of its augmentation


class SizedViews(Dataset):
    """Items by `View`, all of one size."""

    def count_bytes(self) -> int:
        """The bytes of one item."""
        raise NotImplementedError


class ViewDataset(SizedViews):
    """Items (C x H x W uint8 tensor, label) by `View`.

    Parameters
    ----------
    crops : the file of packed crops, N x H x W x 4. It is opened on first use, so that every
        worker process opens its own memory map
    channels : see `choose_planes`
    strength : of the augmentation; None for crops as they are
    backgrounds : rows of the crops whose backgrounds `augment.background` may use: the training
        set's
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
        self.backgrounds = backgrounds
        self.augment = Augmentation(strength) if strength else None
        self._packed: np.ndarray | None = None

    @property
    def packed(self) -> np.ndarray:
        """The memory map of all crops, N x H x W x 4 uint8."""
        if self._packed is None:
            self._packed = tables.open_array(self.crops)
        return self._packed

    def count_bytes(self) -> int:
        """The bytes of one view; opens no memory map that a worker would inherit."""
        height, width = np.load(self.crops, mmap_mode="r").shape[1:3]
        return height * width * self.channels

    def __getitem__(self, view: View) -> tuple[torch.Tensor, int]:
        crop = np.asarray(self.packed[view.row])
        if self.augment is None:
            planes = split(cv2.flip(crop, 1) if view.flipped else crop)
        else:
            planes = self._sample(crop, view, self.augment)
        return torch.from_numpy(choose_planes(planes, self.channels)), view.label

    def _sample(self, crop: np.ndarray, view: View, augment: Augmentation) -> np.ndarray:
        """Sample the view of a crop, 4 x H x W."""
        strength = augment.strength
        crop = self._change_background(crop, strength.background, view.seed)
        planes = augment(crop, view.flipped, view.seed)
        if is_chosen(strength.mask_dropout, view.seed, MASK_DROPOUT):
            planes[3] = 0
        return planes

    def _change_background(self, crop: np.ndarray, probability: float, seed: int) -> np.ndarray:
        """With this probability, put the animal before another crop's background."""
        if self.backgrounds is None or not is_chosen(probability, seed, BACKGROUND):
            return crop
        other = np.random.default_rng([seed, OTHER_CROP]).choice(self.backgrounds)
        return replace_background(crop, np.asarray(self.packed[other]))


def build_loader(views: SizedViews, batches: Iterable[list[View]], fabric: Fabric) -> DataLoader:
    """Build the loader of these batches: worker processes prepare the views for all epochs.

    Views travel as bytes; the network turns them into numbers on its device. Batches for a GPU lie
    in pinned memory, from which they are copied while it computes.
    """
    first = next(iter(batches), [])
    workers = device.fit_workers(device.count_workers(), len(first) * views.count_bytes())
    loader = DataLoader(
        views,
        batch_sampler=batches,
        num_workers=workers,
        worker_init_fn=start_worker,
        persistent_workers=workers > 0,
        pin_memory=fabric.device.type == "cuda",
        # its own: otherwise each start of workers draws from the generator of stochastic depth
        generator=torch.Generator(),
    )
    # of one loader, Fabric returns one
    return cast(DataLoader, fabric.setup_dataloaders(loader, use_distributed_sampler=False))


def start_worker(number: int) -> None:
    """Let a worker process end with the process that trains."""
    interruptions.end_with_parent()


def is_chosen(probability: float, seed: int, decision: int) -> bool:
    """Make one random decision of a view, the same for the same seed and decision."""
    return probability > 0 and np.random.default_rng([seed, decision]).random() < probability
