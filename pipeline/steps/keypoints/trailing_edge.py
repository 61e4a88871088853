"""The trailing edge of a fluke: the mask's border between the tips, moved to strong contrast.

It is traced in a frame of its own, where the tips lie SPAN pixels apart on one row and the edge
lies above: so tilt and distance do not matter. The tips are the two points of the mask that are
furthest apart. The path of the strongest gradient near the mask's border is found by dynamic
programming, as CurvRank does (Weideman et al. 2017, "Integral curvature representation and matching
algorithms for identification of dolphins and whales").
"""

import cv2
import numpy as np

from pipeline.data.warping import warp

SPAN = 384  # pixels between the tips
MARGIN, ABOVE, BELOW = 48, 150, 130  # pixels beside the tips, above and below their row
WIDTH, HEIGHT = SPAN + 2 * MARGIN, ABOVE + BELOW
MIN_SPAN = 20  # pixels of the photograph: a smaller fluke has no edge to speak of
MASKED = 127  # a mask has more than that

STEPS = 192  # points of the path
REACH = 12  # pixels that the path may lie from the mask's border
TURNS = np.array([-2, -1, 0, 1, 2])  # pixels towards or away from the mask, from point to point
TURN_COST, DISTANCE_COST = 0.25, 0.15  # per pixel of a turn; at REACH from the mask's border
BORDER_BLUR = 3.0  # pixels along the mask's border, which has steps of the crop's pixels
SLOPE = 2  # pixels on either side between which contrast is measured


def trace(photograph: np.ndarray, transform: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """Trace the edge from the left tip to the right one: STEPS x 2, in the tips' frame.

    photograph : uint8 H x W x 3
    transform, mask : of its crop: 2 x 3, and H x W with the values 0 and 255

    None if the mask has no edge: it is empty, very small, or the whole crop.
    """
    frame = find_frame(transform, mask)
    if frame is None:
        return None
    border = find_border(warp_mask(mask, transform, frame))
    if border is None:
        return None
    view = warp(photograph, frame, WIDTH, HEIGHT, cv2.BORDER_REPLICATE)
    return follow_contrast(border, view)


def find_frame(transform: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """The 2x3 transform from the photograph to the tips' frame; None without a large mask."""
    contour = find_contour(mask)
    if len(contour) < 3 or (mask > MASKED).all():
        return None
    inverse = cv2.invertAffineTransform(transform)
    left, right = find_tips(contour @ inverse[:, :2].T + inverse[:, 2])
    across = right - left
    length = np.hypot(*across)
    if length < MIN_SPAN:
        return None
    cosine, sine = across / length * (SPAN / length)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    return np.column_stack([turn, np.array([MARGIN, ABOVE]) - turn @ left])


def find_contour(mask: np.ndarray) -> np.ndarray:
    """The border of the mask's largest part, n x 2; 0 x 2 of an empty mask."""
    inside = (mask > MASKED).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return max(contours, key=cv2.contourArea)[:, 0] if contours else np.empty((0, 2), int)


def find_tips(points: np.ndarray) -> np.ndarray:
    """The two points (2 x 2) that are furthest apart, the left one first."""
    hull = cv2.convexHull(points.astype(np.float32))[:, 0].astype(float)
    squares = ((hull[:, None] - hull[None]) ** 2).sum(axis=2)
    tips = hull[list(np.unravel_index(squares.argmax(), squares.shape))]
    return tips[np.argsort(tips[:, 0], kind="stable")]


def warp_mask(mask: np.ndarray, transform: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """The mask in the tips' frame, HEIGHT x WIDTH."""
    last = np.array([[0, 0, 1]])
    to_crop = np.vstack([transform, last]) @ np.linalg.inv(np.vstack([frame, last]))
    soft = cv2.GaussianBlur(np.ascontiguousarray(mask), (0, 0), 0.7)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(soft, to_crop[:2], (WIDTH, HEIGHT), flags=flags)


def find_border(mask: np.ndarray) -> np.ndarray | None:
    """The upper of the two ways along the mask's border from tip to tip, STEPS x 2.

    `mask` lies in the tips' frame. None if it has no way.
    """
    contour = find_contour(mask)
    if len(contour) < STEPS:
        return None
    tips = np.array([[MARGIN, ABOVE], [MARGIN + SPAN, ABOVE]])
    left, right = (((contour - tip) ** 2).sum(axis=1).argmin() for tip in tips)
    around = np.roll(contour, -left, axis=0)
    middle = (right - left) % len(contour)
    ways = [around[: middle + 1], np.concatenate([around[middle:], around[:1]])[::-1]]
    ways = [way for way in ways if len(way) >= SPAN / 2]
    return resample(min(ways, key=lambda way: way[:, 1].mean()), STEPS) if ways else None


def resample(curve: np.ndarray, count: int) -> np.ndarray:
    """`count` points (x, y) at equal distances along a curve."""
    lengths = np.hypot(*np.diff(curve, axis=0).T)
    along = np.concatenate([[0], np.cumsum(lengths)])
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, curve[:, axis]) for axis in (0, 1)], axis=1)


def smooth(curve: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth a curve (n x 2) along itself; its ends stay. `sigma` is in points."""
    radius = int(3 * sigma)
    kernel = cv2.getGaussianKernel(2 * radius + 1, sigma)[:, 0]
    before, after = 2 * curve[0] - curve[radius:0:-1], 2 * curve[-1] - curve[-2 : -radius - 2 : -1]
    padded = np.concatenate([before, curve, after])
    return np.stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)


def follow_contrast(border: np.ndarray, view: np.ndarray) -> np.ndarray:
    """Move each point of a border (STEPS x 2) along its normal to the strongest contrast."""
    base = smooth(border, BORDER_BLUR * STEPS / SPAN)
    tangent = np.gradient(base, axis=0)
    tangent /= np.maximum(np.hypot(*tangent.T), 1e-6)[:, None]
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    offsets = np.arange(-REACH, REACH + 1)
    contrast = measure_contrast(base, normal, view)
    cost = 1 - contrast + DISTANCE_COST * (offsets / REACH) ** 2
    return base + offsets[find_path(cost)][:, None] * normal


def measure_contrast(base: np.ndarray, normal: np.ndarray, view: np.ndarray) -> np.ndarray:
    """n x (2 REACH + 1): the contrast across a line beside each point; 1 is usual of an edge."""
    offsets = np.arange(-REACH - SLOPE, REACH + SLOPE + 1)
    at = (base[:, None] + offsets[:, None] * normal[:, None]).astype(np.float32)
    soft = cv2.GaussianBlur(view, (0, 0), 1.2)
    colours = cv2.remap(
        soft, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(float)
    contrast = np.linalg.norm(colours[:, 2 * SLOPE :] - colours[:, : -2 * SLOPE], axis=2)
    usual = np.median(contrast.max(axis=1))
    return np.clip(contrast / max(usual, 1e-6), 0, 1.2)


def find_path(cost: np.ndarray) -> np.ndarray:
    """The column of each row of `cost` (n x m) on the cheapest path from first to last row."""
    rows, columns = cost.shape
    reach, at = TURNS.max(), np.arange(columns)
    turn_costs = TURN_COST * np.abs(TURNS)[:, None]
    sources = at + TURNS[:, None]  # the column in the row before, by turn
    total, turns = cost[0], np.zeros(cost.shape, int)
    padded = np.full(columns + 2 * reach, np.inf)  # no path comes from beside the columns
    for row in range(1, rows):
        padded[reach : reach + columns] = total
        options = padded[sources + reach] + turn_costs
        turns[row] = options.argmin(axis=0)
        total = options[turns[row], at] + cost[row]
    path = np.full(rows, total.argmin())
    for row in range(rows - 1, 0, -1):
        path[row - 1] = path[row] + TURNS[turns[row, path[row]]]
    return path
