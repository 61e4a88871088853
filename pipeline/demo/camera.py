"""A simulated camera: focus, motion, exposure, noise, size and JPEG."""

import cv2
import numpy as np


def sample_frame_size(rng: np.random.Generator) -> tuple[int, int]:
    """Sample the height and width of a photograph in pixels."""
    width = int(rng.integers(360, 561))
    return round(width / rng.uniform(1.3, 2.2)), width


def expose(rng: np.random.Generator, scene: np.ndarray, sensor: np.random.Generator) -> np.ndarray:
    """Expose a linear `scene` (3, H, W) in 0..1: pixels (H, W, 3) uint8; both are BGR.

    `sensor` draws the grain.
    """
    gains = rng.uniform(0.7, 1.35) * rng.uniform(0.94, 1.06, (3, 1, 1))
    haze = rng.uniform(0, 0.25) * (rng.random() < 0.4)
    image = _blur(rng, scene) * (gains * (1 - haze)).astype(np.float32) + 0.75 * haze
    image = _develop(image, rng.uniform(0.6, 1.5))
    grey = 1.0 if rng.random() < 0.1 else rng.uniform(0, 0.5)
    image += grey * (image.mean(axis=0) - image)
    grain = sensor.standard_normal(image.shape[1:], dtype=np.float32)
    image += rng.uniform(0.003, 0.04) * grain
    # OpenCV multiplies by numbers too, which its type stub lacks
    planes = [cv2.multiply(p, 255.0, dtype=cv2.CV_8U) for p in image]  # type: ignore[call-overload]
    return cv2.merge(planes)


def _develop(image: np.ndarray, gamma: float) -> np.ndarray:
    """Clip to 0..1 and raise to `gamma`, with a table: a power per pixel is slow."""
    table = (np.linspace(0, 1, 4096) ** gamma).astype(np.float32)
    return table[np.clip(image * 4095, 0, 4095).astype(np.uint16)]


def _blur(rng: np.random.Generator, scene: np.ndarray) -> np.ndarray:
    """Apply distance, defocus and motion, in this order; most photographs stay rather sharp."""
    height, width = scene.shape[1:]
    distance, defocus = 1 + rng.exponential(0.22), 0.4 + rng.exponential(0.3)
    size = max(32, round(width / distance)), max(24, round(height / distance))
    motion = _motion_kernel(rng) if rng.random() < 0.25 else None
    planes = []
    for plane in scene:
        plane = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        plane = cv2.GaussianBlur(cv2.resize(plane, (width, height)), (0, 0), defocus)
        planes.append(plane if motion is None else cv2.filter2D(plane, -1, motion))
    return np.stack(planes)


def _motion_kernel(rng: np.random.Generator) -> np.ndarray:
    """Sample the blur kernel of a camera that moves in a straight line."""
    length, angle = int(rng.integers(3, 12)), rng.uniform(0, np.pi)
    middle = (length - 1) / 2
    arm = middle * np.array([np.cos(angle), np.sin(angle)])
    start, end = (np.round(middle + sign * arm).astype(int).tolist() for sign in (-1, 1))
    kernel = np.zeros((length, length), np.float32)
    cv2.line(kernel, start, end, 1)
    return kernel / kernel.sum()


def encode(rng: np.random.Generator, pixels: np.ndarray) -> bytes:
    """Encode pixels as a JPEG file of random quality."""
    options = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 96))]
    return cv2.imencode(".jpg", pixels, options)[1].tobytes()
