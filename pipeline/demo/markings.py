"""What one whale wears on its fluke: pigmentation and scars."""

import cv2
import numpy as np

from pipeline.demo import texture
from pipeline.demo.outline import CENTRE, HEIGHT, NOTCH, SPAN, WIDTH

BLACK, WHITE = 0.10, 0.88  # albedo of the skin
SCAR = 0.85  # how much of the way to its colour a scar goes


def draw_markings(rng: np.random.Generator, outline: np.ndarray) -> np.ndarray:
    """Albedo (HEIGHT, WIDTH) in 0..1 of the skin within `outline`."""
    white = draw_pigment(rng, outline)
    albedo = BLACK + (WHITE - BLACK) * white
    for draw, most in ((_line, 6), (_rake, 3), (_ring, 5), (_spots, 4)):
        for _ in range(rng.integers(0, most + 1)):
            layer = np.zeros((HEIGHT, WIDTH), np.uint8)
            draw(rng, layer)
            _heal(rng, albedo, layer)
    return albedo


def _heal(rng: np.random.Generator, albedo: np.ndarray, layer: np.ndarray) -> None:
    """Colour a scar into the skin, white more often than black."""
    x, y, width, height = cv2.boundingRect(layer)
    window = np.s_[y : y + height, x : x + width]
    depth = SCAR * rng.uniform(0.6, 1.3) / 255 * layer[window].astype(np.float32)
    colour = WHITE if rng.random() < 0.75 else BLACK * 0.7
    albedo[window] += np.minimum(depth, 1) * (colour - albedo[window])


def draw_pigment(rng: np.random.Generator, outline: np.ndarray) -> np.ndarray:
    """Share of white (HEIGHT, WIDTH) in 0..1: patches that the two lobes do not share."""
    u = np.abs(np.arange(WIDTH, dtype=np.float32) - CENTRE)[None] / SPAN
    field = texture.octaves(rng, HEIGHT, WIDTH, [(3, 5, 0.9), (7, 11, 0.7), (22, 36, 0.2)])
    field += rng.uniform(-0.6, 1.6) * (u - 0.45)  # white tends to lie outwards
    field += float(rng.choice([-1.5, -0.5, 0.4, 1.4], p=[0.25, 0.30, 0.28, 0.17]))
    inside = cv2.distanceTransform((outline > 0.5).astype(np.uint8), cv2.DIST_L2, 3) / SPAN
    field -= rng.uniform(0, 1.6) * np.exp(-inside / rng.uniform(0.015, 0.05))  # a dark margin
    field -= rng.uniform(0, 1.5) * np.exp(-((u / rng.uniform(0.05, 0.2)) ** 2))
    white = texture.sigmoid(rng.uniform(4, 10) * field)
    return np.clip(white + 0.05 * texture.noise(rng, HEIGHT, WIDTH, 60, 96), 0, 1)


def _place(rng: np.random.Generator) -> np.ndarray:
    """A point (x, y) on the drawing, mostly on the skin of a lobe."""
    u = rng.uniform(0.08, 0.9) * rng.choice([-1, 1])
    v = rng.uniform(-0.42 + 0.40 * abs(u), 0.04)
    return np.array([CENTRE + SPAN * u, NOTCH - SPAN * v])


def _stroke(layer: np.ndarray, points: np.ndarray, thickness: int) -> None:
    fixed = np.round(points * 16).astype(np.int32)
    cv2.polylines(layer, [fixed], False, 255, thickness, cv2.LINE_AA, shift=4)


def _bow(rng: np.random.Generator, length: float) -> np.ndarray:
    """Offsets (9, 2) of a slightly bent line of `length` pixels at any angle."""
    s = np.linspace(-0.5, 0.5, 9)
    line = np.stack([s * length, rng.normal(0, 0.4) * length * (s**2)], axis=1)
    angle = rng.uniform(0, np.pi)
    return line @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _line(rng: np.random.Generator, layer: np.ndarray) -> None:
    _stroke(layer, _place(rng) + _bow(rng, rng.uniform(35, 140)), int(rng.integers(3, 7)))


def _rake(rng: np.random.Generator, layer: np.ndarray) -> None:
    """The parallel marks of a killer whale's teeth."""
    bow, place = _bow(rng, rng.uniform(25, 80)), _place(rng)
    across = (bow[-1] - bow[0])[::-1] * [1, -1]
    across *= rng.uniform(6, 10) / np.hypot(*across)
    for i in range(rng.integers(3, 6)):
        _stroke(layer, place + i * across + bow, 3)


def _ring(rng: np.random.Generator, layer: np.ndarray) -> None:
    """The scar of a barnacle."""
    x, y = np.round(_place(rng)).astype(int).tolist()
    cv2.circle(layer, (x, y), int(rng.integers(7, 19)), 255, int(rng.integers(3, 6)), cv2.LINE_AA)


def _spots(rng: np.random.Generator, layer: np.ndarray) -> None:
    place = _place(rng)
    for x, y in np.round(place + rng.normal(0, 16, (rng.integers(1, 7), 2))).astype(int).tolist():
        cv2.circle(layer, (x, y), int(rng.integers(3, 8)), 255, -1, cv2.LINE_AA)
