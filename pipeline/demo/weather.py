"""Light, water and spray: what makes the skin hard to see."""

import numpy as np

from pipeline.demo import texture


def light_skin(rng: np.random.Generator, albedo: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Light skin of `albedo` (H, W): its radiance (3, H, W) BGR.

    `u` (H, W) is the position across the fluke, -1 to 1. Backlight leaves little of the pattern, a
    low sun lights one lobe more than the other, and wet skin mirrors the sky in patches.
    """
    height, width = albedo.shape
    gain, veil = rng.uniform(0.50, 1.05), rng.uniform(0.0, 0.15)
    lobes = 1 + rng.uniform(-0.4, 0.4) * np.tanh(3 * u) + rng.uniform(-0.3, 0.3) * u
    patches = texture.sample_octaves(rng, height, width, [(4, 6, 0.16), (12, 20, 0.08)])
    skin = veil + gain * albedo * lobes * (1 + rng.uniform(0.3, 1.2) * patches)
    skin += _draw_sheen(rng, height, width)
    tint = rng.uniform(0.94, 1.06, 3).astype(np.float32) * np.array([1.04, 1.0, 0.97], np.float32)
    return skin * tint[:, None, None]


def _draw_sheen(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Draw highlights of water that runs down the skin."""
    streaks = texture.sample_octaves(
        rng, height, width, [(4, 7, 0.8), (14, 70, 0.7), (60, 120, 0.3)]
    )
    return rng.uniform(0.0, 0.35) * np.clip(streaks - rng.uniform(0.5, 1.8), 0, 1.5)


def draw_spray(
    rng: np.random.Generator, height: int, width: int, root: tuple[float, float]
) -> np.ndarray:
    """Draw the opacity (height, width) of spray: a splash at `root` (x, y) and drifting clouds."""
    x = (np.arange(width, dtype=np.float32)[None] - root[0]) / width
    y = (np.arange(height, dtype=np.float32)[:, None] - root[1]) / height
    splash = rng.uniform(-0.4, 1.6) - (x / rng.uniform(0.1, 0.4)) ** 2
    splash = splash - (y / rng.uniform(0.04, 0.16)) ** 2
    cloud = texture.sample_octaves(
        rng, height, width, [(8, 13, 0.6), (24, 40, 0.35), (90, 150, 0.2)]
    )
    spray = np.clip(0.45 * (splash + cloud - 0.5), 0, 0.92)
    if rng.random() < 0.15:  # a cloud hides a part of the fluke
        x, y = x - rng.normal(0, 0.25), y + rng.uniform(0.1, 0.5)
        drift = 1.2 - (x / rng.uniform(0.06, 0.15)) ** 2 - (y / rng.uniform(0.1, 0.3)) ** 2
        spray = np.maximum(spray, np.clip(0.45 * (drift + 0.7 * cloud), 0, 0.85))
    return spray
