"""A drawn fluke with a ragged trailing edge, for tests."""

import cv2
import numpy as np

from pipeline.steps.keypoints import trailing_edge

SIZE = (400, 240)  # width, height
TIPS = np.array([[60.0, 120.0], [340.0, 120.0]])


def edge(individual: int = 0) -> np.ndarray:
    """The trailing edge of one individual in the photograph: a notch and its own waves, n x 2."""
    rng = np.random.default_rng([5, individual])
    x = np.linspace(0, 1, 281)
    notch = 30 * np.exp(-(((x - 0.5) / 0.06) ** 2))
    fade = np.minimum(1, 8 * np.minimum(x, 1 - x))
    waves = sum(
        rng.uniform(1, 4) * np.sin(2 * np.pi * (k * x + rng.random())) for k in (3, 5, 8, 13)
    )
    y = 120 - 35 * np.sin(np.pi * x) + fade * (notch + waves)
    return np.stack([60 + 280 * x, y], axis=1)


def draw(degrees: float, individual: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A photograph (H x W x 3) with the fluke, tilted, and its mask (H x W)."""
    outline = np.concatenate([edge(individual), [[220, 200], [180, 200]]])
    mask = np.zeros(SIZE[::-1], np.uint8)
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    turn = cv2.getRotationMatrix2D((200, 120), degrees, 1.0)
    mask = cv2.warpAffine(mask, turn, SIZE)
    photograph = np.where(mask[..., None] > 127, 40, 160).astype(np.uint8).repeat(3, axis=2)
    return cv2.GaussianBlur(photograph, (0, 0), 1), mask


def normalised_edge(individual: int = 0) -> np.ndarray:
    """The trailing edge in the frame of `trailing_edge`."""
    scale = trailing_edge.SPAN / 280
    return (edge(individual) - TIPS[0]) * scale + [trailing_edge.MARGIN, trailing_edge.ABOVE]
