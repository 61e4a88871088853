"""The outline of one whale's fluke, raised, seen from behind: trailing edge up, peduncle down."""

import cv2
import numpy as np

from pipeline.demo import texture

HEIGHT, WIDTH = 320, 512  # of the flat drawing in pixels
SPAN = 236  # pixels from the central notch to a tip
CENTRE, NOTCH = 256, 112  # column and row of the central notch
POINTS = 400  # along the trailing edge of one lobe


def draw_outline(rng: np.random.Generator) -> np.ndarray:
    """Draw the coverage (HEIGHT, WIDTH) in 0..1; the lobes have one shape but different edges."""
    shape = _sample_shape(rng)
    lobes = [_sample_lobe(rng, shape, side) for side in (-1, 1)]
    points = np.concatenate([lobes[0], lobes[1][::-1]])
    pixels = np.stack([CENTRE + SPAN * points[:, 0], NOTCH - SPAN * points[:, 1]], axis=1)
    canvas = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(canvas, [np.round(pixels * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return canvas.astype(np.float32) / 255


def _sample_shape(rng: np.random.Generator) -> dict[str, float]:
    """Sample the shape that both lobes have; lengths in half-spans."""
    return {
        "notch": rng.uniform(0.02, 0.16),
        "shoulder": rng.uniform(0.04, 0.20),
        "middle": rng.uniform(0.00, 0.16),
        "tip": rng.uniform(-0.10, 0.16),
        "sweep": rng.uniform(0.50, 0.74),
        "belly": rng.uniform(-0.26, -0.10),
        "root": rng.uniform(-0.58, -0.46),
        "serration": rng.choice([0.004, 0.008, 0.014, 0.022]),
        "bites": int(rng.integers(1, 6)),
    }


def _sample_lobe(rng: np.random.Generator, shape: dict[str, float], side: int) -> np.ndarray:
    """Sample points (n, 2) of one lobe: from the peduncle's bottom past the tip to the notch."""
    u, v = _sample_trailing_edge(rng, shape)
    tip = np.array([u[-1], v[-1]])
    control = np.array([shape["sweep"], shape["belly"]])
    root = np.array([0.13, shape["root"]])
    t = np.linspace(0, 1, 40)[:, None]
    leading = (1 - t) ** 2 * tip + 2 * t * (1 - t) * control + t**2 * root
    leading[:, 1] += 0.008 * texture.sample_curve(rng, 40, 6) * np.sin(np.pi * t[:, 0])
    peduncle = np.array([[0.15, -0.75], [0.22, -1.0]])
    points = np.concatenate([np.stack([u, v], axis=1), leading, peduncle])[::-1]
    return points * [side, 1]


def _sample_trailing_edge(
    rng: np.random.Generator, shape: dict[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Sample the edge that identifies a whale: a smooth line, serrated, with notches."""
    t = np.linspace(0, 1, POINTS)
    heights = [-shape["notch"], 0.0, shape["shoulder"], shape["middle"], shape["middle"] * 0.6]
    v = np.interp(t, [0, 0.06, 0.24, 0.55, 0.8, 1.0], [*heights, shape["tip"]])
    kernel = np.hanning(45) / np.hanning(45).sum()
    v[22:-22] = np.convolve(v, kernel, mode="valid")
    fade = np.minimum(1, 12 * t) * np.minimum(1, 4 * (1 - t))
    ragged = 0.7 * texture.sample_curve(rng, POINTS, 24)
    ragged = ragged + 0.5 * texture.sample_curve(rng, POINTS, 60)
    v += fade * (shape["serration"] * ragged + 0.018 * texture.sample_curve(rng, POINTS, 7))
    for _ in range(rng.integers(0, int(shape["bites"]) + 1)):
        v -= fade * _sample_bite(rng, t)
    if rng.random() < 0.15:  # the tip is missing
        end = int(POINTS * rng.uniform(0.86, 0.97))
        t, v = t[:end], v[:end]
    return t, v


def _sample_bite(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    width, depth = rng.uniform(0.025, 0.08), rng.uniform(0.05, 0.16)
    distance = np.abs(t - rng.uniform(0.1, 0.86)) / width
    return depth * np.clip(1 - distance, 0, 1) ** rng.uniform(0.5, 1.3)
