"""The markings of one whale's fluke: pigmentation and scars."""

import cv2
import numpy as np

from pipeline.demo import texture
from pipeline.demo.outline import CENTRE, HEIGHT, NOTCH, SPAN, WIDTH

BLACK, WHITE = 0.10, 0.88  # albedo of the skin
SCAR = 0.85  # opacity of a scar


def draw_markings(rng: np.random.Generator, outline: np.ndarray) -> np.ndarray:
    """Draw the albedo (HEIGHT, WIDTH) in 0..1 of the skin within `outline`."""
    white = draw_pigment(rng, outline)
    albedo = BLACK + (WHITE - BLACK) * white
    scars = ((_draw_line, 6), (_draw_rake, 3), (_draw_ring, 5), (_draw_spots, 4))
    for draw, maximum in scars:
        for _ in range(rng.integers(0, maximum + 1)):
            layer = np.zeros((HEIGHT, WIDTH), np.uint8)
            draw(rng, layer)
            _blend_scar(rng, albedo, layer)
    return albedo


def _blend_scar(rng: np.random.Generator, albedo: np.ndarray, layer: np.ndarray) -> None:
    """Blend a scar into the albedo, white more often than black."""
    x, y, width, height = cv2.boundingRect(layer)
    window = np.s_[y : y + height, x : x + width]
    depth = SCAR * rng.uniform(0.6, 1.3) / 255 * layer[window].astype(np.float32)
    colour = WHITE if rng.random() < 0.75 else BLACK * 0.7
    albedo[window] += np.minimum(depth, 1) * (colour - albedo[window])


def draw_pigment(rng: np.random.Generator, outline: np.ndarray) -> np.ndarray:
    """Draw the fraction of white (HEIGHT, WIDTH) in 0..1: patches, different on the two lobes."""
    u = np.abs(np.arange(WIDTH, dtype=np.float32) - CENTRE)[None] / SPAN
    field = texture.sample_octaves(rng, HEIGHT, WIDTH, [(3, 5, 0.9), (7, 11, 0.7), (22, 36, 0.2)])
    field += rng.uniform(-0.6, 1.6) * (u - 0.45)  # there is more white on the outside
    field += float(rng.choice([-1.5, -0.5, 0.4, 1.4], p=[0.25, 0.30, 0.28, 0.17]))
    inside = cv2.distanceTransform((outline > 0.5).astype(np.uint8), cv2.DIST_L2, 3) / SPAN
    field -= rng.uniform(0, 1.6) * np.exp(-inside / rng.uniform(0.015, 0.05))  # a dark rim
    field -= rng.uniform(0, 1.5) * np.exp(-((u / rng.uniform(0.05, 0.2)) ** 2))
    white = texture.sigmoid(rng.uniform(4, 10) * field)
    return np.clip(white + 0.05 * texture.sample_noise(rng, HEIGHT, WIDTH, 60, 96), 0, 1)


def _sample_point(rng: np.random.Generator) -> np.ndarray:
    """Sample a point (x, y) of the drawing, mostly on the skin of a lobe."""
    u = rng.uniform(0.08, 0.9) * rng.choice([-1, 1])
    v = rng.uniform(-0.42 + 0.40 * abs(u), 0.04)
    return np.array([CENTRE + SPAN * u, NOTCH - SPAN * v])


def _draw_polyline(layer: np.ndarray, points: np.ndarray, thickness: int) -> None:
    fixed = np.round(points * 16).astype(np.int32)
    cv2.polylines(layer, [fixed], False, 255, thickness, cv2.LINE_AA, shift=4)


def _sample_arc(rng: np.random.Generator, length: float) -> np.ndarray:
    """Sample offsets (9, 2) of a slightly bent line of `length` pixels at any angle."""
    s = np.linspace(-0.5, 0.5, 9)
    line = np.stack([s * length, rng.normal(0, 0.4) * length * (s**2)], axis=1)
    angle = rng.uniform(0, np.pi)
    return line @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _draw_line(rng: np.random.Generator, layer: np.ndarray) -> None:
    _draw_polyline(
        layer, _sample_point(rng) + _sample_arc(rng, rng.uniform(35, 140)), int(rng.integers(3, 7))
    )


def _draw_rake(rng: np.random.Generator, layer: np.ndarray) -> None:
    """Draw the parallel marks of a killer whale's teeth."""
    arc, point = _sample_arc(rng, rng.uniform(25, 80)), _sample_point(rng)
    across = (arc[-1] - arc[0])[::-1] * [1, -1]
    across *= rng.uniform(6, 10) / np.hypot(*across)
    for i in range(rng.integers(3, 6)):
        _draw_polyline(layer, point + i * across + arc, 3)


def _draw_ring(rng: np.random.Generator, layer: np.ndarray) -> None:
    """Draw the scar of a barnacle."""
    x, y = np.round(_sample_point(rng)).astype(int).tolist()
    cv2.circle(layer, (x, y), int(rng.integers(7, 19)), 255, int(rng.integers(3, 6)), cv2.LINE_AA)


def _draw_spots(rng: np.random.Generator, layer: np.ndarray) -> None:
    point = _sample_point(rng)
    for x, y in np.round(point + rng.normal(0, 16, (rng.integers(1, 7), 2))).astype(int).tolist():
        cv2.circle(layer, (x, y), int(rng.integers(3, 8)), 255, -1, cv2.LINE_AA)
