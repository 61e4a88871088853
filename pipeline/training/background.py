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
    other_background = cv2.bitwise_not(other_animal)
    area = cv2.countNonZero(animal)
    if area in (0, animal.size) or not cv2.countNonZero(other_background):
        return crop
    mixed = other.copy()
    colour = np.array(cv2.mean(other, other_background)).astype(np.uint8)
    # four bytes of a pixel at once
    np.putmask(mixed.view(np.uint32), other_animal > 0, colour.view(np.uint32))
    edge, alpha = soften_edge(animal)
    behind = mixed[edge]
    cv2.copyTo(crop, animal, mixed)
    mixed[edge] = np.rint(alpha * crop[edge] + (1 - alpha) * behind)
    return cv2.insertChannel(mask, mixed, 3)


def soften_edge(animal: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Find the animal's pixels near its edge: rows and columns, and n x 1 opacities, 0 to 1.

    A hard edge would show the network where the animal was cut out.
    """
    soft = cv2.GaussianBlur(animal, (5, 5), 0)
    # never empty: an animal that does not fill the crop has an edge
    edge = cv2.findNonZero(cv2.bitwise_and(cv2.inRange(soft, 1, 254), animal))
    columns, rows = edge.reshape(-1, 2).T
    return (rows, columns), soft[rows, columns][:, None].astype(np.float32) / 255
