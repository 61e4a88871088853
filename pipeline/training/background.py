"""Another photograph's background behind an animal."""

import cv2
import numpy as np


def replace_background(crop: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Put the animal of `crop` before the background of `other`; all are H x W x 4 uint8.

    The pixels of the other animal get the mean colour of its background. The crop is returned
    unchanged if its mask is empty or full, or if `other` has no background.
    """
    mask, other_mask = cv2.extractChannel(crop, 3), cv2.extractChannel(other, 3)
    animal, other_animal = cv2.inRange(mask, 128, 255), cv2.inRange(other_mask, 128, 255)
    left, top, width, height = cv2.boundingRect(animal)
    other_background = cv2.bitwise_not(other_animal)
    if not width or cv2.countNonZero(animal) == animal.size or not other_background.any():
        return crop
    background = other.copy()
    colour = np.array(cv2.mean(other, other_background)).astype(np.uint8)
    # four bytes of a pixel at once
    np.putmask(background.view(np.uint32), other_animal > 0, colour.view(np.uint32))
    around = slice(top, top + height), slice(left, left + width)
    # a soft edge: a hard one would show the network where the animal was cut out
    soft = cv2.bitwise_and(cv2.GaussianBlur(animal, (5, 5), 0), animal)[around]
    alpha = soft.astype(np.float32) * np.float32(1 / 255)
    background[around] = cv2.blendLinear(crop[around], background[around], alpha, 1 - alpha)
    return cv2.insertChannel(mask, background, 3)
