"""Rendering one photograph: a whale's fluke, posed, lit, partly hidden and photographed."""

from typing import cast

import cv2
import numpy as np

from pipeline.demo import camera, outline, pose, sea, texture, weather
from pipeline.demo.burst import BurstGenerator
from pipeline.demo.markings import draw_markings

UPSIDE_DOWN = 0.02  # fraction of the photographs
WHALES, TAKES, FILES, BURSTS = 1, 2, 3, 4  # streams of random numbers


def draw_fluke(seed: int, whale: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a whale's flat fluke: coverage and albedo, each (320, 512) float32 in 0..1."""
    rng = np.random.default_rng([seed, WHALES, whale])
    coverage = outline.draw_outline(rng)
    return coverage, draw_markings(rng, coverage).astype(np.float32)


def take_photograph(
    seed: int, whale: int, take: int, encounter: int = -1
) -> tuple[np.ndarray, np.ndarray]:
    """Render pixels (H, W, 3) uint8 BGR and the mask (H, W) uint8, 0 or 255, of the skin.

    `encounter` seeds what the photographs of a burst share; -1: it is none of a burst.
    """
    rng = sensor = np.random.default_rng([seed, TAKES, take])
    if encounter >= 0:
        shared = np.random.default_rng([seed, BURSTS, encounter])
        rng = cast(np.random.Generator, BurstGenerator(shared, sensor))
    height, width = camera.sample_frame_size(rng)
    lean = rng.normal(0, 4)
    tilt = np.radians(np.clip(rng.normal(0, 7), -pose.TILT, pose.TILT))
    scene = sea.draw_sea(rng, height, width, np.radians(lean))
    x, y = pose.sample_pose(rng, height, width, float(tilt))
    coverage, albedo = (
        cv2.remap(drawing, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        for drawing in draw_fluke(seed, whale)
    )
    coverage, root = _submerge(rng, coverage, y)
    skin = weather.light_skin(rng, albedo, (x - outline.CENTRE) / outline.SPAN)
    scene = scene + coverage * (skin - scene)
    spray = weather.draw_spray(rng, height, width, root)
    scene = scene + spray * (rng.uniform(0.65, 0.95) - scene)
    pixels = camera.expose(rng, scene, sensor)
    mask = (coverage > 0.5).astype(np.uint8) * 255
    if rng.random() < UPSIDE_DOWN:
        return pixels[::-1, ::-1].copy(), mask[::-1, ::-1].copy()
    return pixels, mask


def _submerge(
    rng: np.random.Generator, coverage: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, tuple[float, float]]:
    """Hide what is below the waterline; return the coverage and where the fluke emerges, (x, y)."""
    height, width = coverage.shape
    depth = rng.uniform(0.48, 0.74)  # half-spans below the notch
    line = outline.NOTCH + outline.SPAN * (depth + 0.03 * texture.sample_curve(rng, width, 14))
    above = np.clip((line[None] - y) / 3, 0, 1)
    visible = coverage * above
    hidden = coverage * (1 - above)
    total = max(float(hidden.sum()), 1e-3)
    column = float((hidden.sum(axis=0) * np.arange(width)).sum()) / total
    rows = np.flatnonzero(visible.max(axis=1) > 0.5)
    return visible, (column, float(rows[-1]) if len(rows) else height * 0.7)
