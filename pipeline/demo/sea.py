"""The background: sea, horizon and sky. Colours are planes (3, height, width), BGR in 0..1."""

import cv2
import numpy as np

from pipeline.demo import texture

TILE = 384  # size in pixels of the wave pattern that covers the plane
SHADES = [[0.46, 0.38, 0.24], [0.42, 0.41, 0.38], [0.40, 0.40, 0.20], [0.55, 0.50, 0.45]]


def draw_sea(rng: np.random.Generator, height: int, width: int, tilt: float) -> np.ndarray:
    """Draw the sea up to a horizon tilted by `tilt` radians, (3, height, width) float32."""
    horizon = height * (rng.uniform(-1.5, 0.0) if rng.random() < 0.5 else rng.uniform(0.0, 0.38))
    x = np.arange(width, dtype=np.float32)[None] - width / 2
    y = np.arange(height, dtype=np.float32)[:, None] - horizon
    below = (y - float(np.tan(tilt)) * x) / height
    waves = _draw_waves(rng, x, np.maximum(below, 0.005), height)
    light = 1 + rng.uniform(0.12, 0.38) * waves
    foam = rng.uniform(0.05, 0.35) * np.clip(waves - rng.uniform(1.5, 3.2), 0, 1)
    far, near = _sample_colours(rng)
    sea = (far + (near - far) * np.sqrt(np.clip(below, 0, 1.2))) * light + foam
    if below.min() > 0:  # no horizon in the frame
        return sea
    if rng.random() < 0.4:
        sea = sea + np.clip(0.8 - height * below, 0, 1) * (rng.uniform(0.4, 0.8) * far - sea)
        below = below + 0.06 * np.abs(texture.sample_curve(rng, width, 9))  # a coast
    return sea + np.clip(0.8 - height * below, 0, 1) * (_draw_sky(rng, below, far) - sea)


def _draw_waves(
    rng: np.random.Generator, x: np.ndarray, depth: np.ndarray, height: int
) -> np.ndarray:
    """Draw wave heights of about unit variance: a tile of noise on the plane, in perspective."""
    cells = [(12, 5, 0.5), (36, 14, 0.6), (110, 46, 0.6), (TILE, 192, rng.uniform(0.1, 0.4))]
    tile = texture.sample_octaves(rng, TILE, TILE, cells)
    tile = cv2.copyMakeBorder(tile, 0, TILE, 0, TILE, cv2.BORDER_REFLECT)  # without a seam
    scale = rng.uniform(0.9, 2.2)
    away = scale * 120 / depth + rng.uniform(0, TILE)
    along = x * (scale * 0.8 / depth) + rng.uniform(0, TILE)
    waves = cv2.remap(tile, along, away, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return waves * np.clip(depth * 5, 0.15, 1)  # far waves merge


def _sample_colours(rng: np.random.Generator) -> np.ndarray:
    """Sample the colours (2, 3, 1, 1) of the far and of the near sea."""
    shade = np.array(SHADES[rng.integers(len(SHADES))]) * rng.uniform(0.55, 1.35)
    both = np.stack([shade * rng.uniform(0.9, 1.5), shade * rng.uniform(0.5, 1.0)])
    return (both * rng.uniform(0.9, 1.1, 3)).astype(np.float32)[..., None, None]


def _draw_sky(rng: np.random.Generator, below: np.ndarray, far: np.ndarray) -> np.ndarray:
    """Draw haze at the horizon and a paler sky above, (3, height, width)."""
    pale = np.array([0.85, 0.82, 0.78], np.float32)[:, None, None] * rng.uniform(0.6, 1.1)
    low = far * 0.4 + pale * 0.6
    return low + (pale - low) * np.clip(-2.5 * below, 0, 1)
