"""Training transforms of a crop. The only module that imports albumentations.

Albumentations 2.0.8 is the last release under MIT; its successor is AGPL. With one thin module
around it, it can be replaced.
"""

import os

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # importing must not ask the network

import albumentations as A
import cv2
import numpy as np

from pipeline.params import Augment

# OpenCV's own threads compete with the network for the same cores
cv2.setNumThreads(0)


def build_transform(strength: Augment) -> A.Compose:
    """Build the random transform of training views; a strength of 0 leaves its part out."""
    return A.Compose(
        [
            *_geometric_transforms(strength),
            *_colour_transforms(strength),
            *_corruptions(strength),
        ]
    )


def augment_view(transform: A.Compose, crop: np.ndarray, seed: int) -> np.ndarray:
    """Return a random view of a crop (H x W x 4 uint8, RGB + mask), the same for the same seed."""
    transform.set_random_seed(seed)
    result = transform(image=crop[:, :, :3], mask=crop[:, :, 3])
    return np.dstack([result["image"], result["mask"]])


def replace_background(crop: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Put the animal of `crop` before the background of `other`; all are H x W x 4 uint8.

    The pixels of the other animal get the mean colour of its background. The crop is returned
    unchanged if its mask is empty or full, or if `other` has no background.
    """
    animal, other_animal = crop[:, :, 3] > 127, other[:, :, 3] > 127
    if not animal.any() or animal.all() or other_animal.all():
        return crop
    background = other[:, :, :3].copy()
    background[other_animal] = background[~other_animal].mean(axis=0)
    # a soft edge: a hard one would show the network where the animal was cut out
    alpha = (animal * cv2.GaussianBlur(animal.astype(np.float32), (5, 5), 0))[:, :, None]
    mixed = alpha * crop[:, :, :3] + (1 - alpha) * background
    return np.dstack([np.rint(mixed).astype(np.uint8), crop[:, :, 3]])


def _geometric_transforms(s: Augment) -> list[A.BasicTransform]:
    transforms = []
    if s.rotate or s.shift or s.zoom or s.shear:
        transforms.append(
            A.Affine(
                rotate=(-s.rotate, s.rotate),
                translate_percent=(-s.shift, s.shift),
                scale=(1 - s.zoom, 1 + s.zoom),
                shear=(-s.shear, s.shear),
                border_mode=cv2.BORDER_REPLICATE,
                p=1.0,
            )
        )
    if s.perspective:
        transforms.append(
            A.Perspective(scale=(0.0, s.perspective), border_mode=cv2.BORDER_REPLICATE, p=0.5)
        )
    return transforms


def _colour_transforms(s: Augment) -> list[A.BasicTransform]:
    transforms = []
    if s.brightness or s.contrast:
        transforms.append(A.RandomBrightnessContrast(s.brightness, s.contrast, p=0.8))
    if s.hue:
        # hue is in half degrees of 180, saturation in levels of 255
        transforms.append(A.HueSaturationValue(180 * s.hue, 255 * 2 * s.hue, 0, p=0.5))
    if s.grey:
        transforms.append(A.ToGray(p=s.grey))
    return transforms


def _corruptions(s: Augment) -> list[A.BasicTransform]:
    transforms = []
    if s.blur:
        transforms.append(A.GaussianBlur(blur_limit=(3, 5), p=s.blur))
    if s.noise:
        # standard deviation as a fraction of white; the default, 0.2 to 0.44, drowns the animal
        transforms.append(A.GaussNoise(std_range=(0.02, 0.1), p=s.noise))
    if s.erase:
        size = (0.1, 0.3)  # fraction of the crop's side
        transforms.append(
            A.CoarseDropout(
                num_holes_range=(1, 2), hole_height_range=size, hole_width_range=size, p=s.erase
            )
        )
    return transforms
