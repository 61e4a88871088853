"""Masks that people give: which pixels are the animal, whatever program has saved them.

Animals are saved as 255, as 1, as a class number, as a colour or as opacity. What has one meaning
only is read; everything else is refused with what is unclear, since a mask that is ignored would
be replaced by a guess without a word. `competition` and `crop` read masks by this one rule.
"""

from pathlib import Path

import cv2
import numpy as np

from pipeline.data import image_header, images
from pipeline.system.errors import UserError

HALF = 127  # a grey level above it is the animal, if there are many of them
# fewer different levels than those of a soft edge are classes
FEW = 8
GREY = slice(32, 224)  # levels that only the edge of a soft mask has
# of the marked pixels: the fraction of the animal's own level if the others are its edge
OWN = 0.75
# an animal does not fill the photograph's edge and leave its middle empty
INVERTED_EDGE, INVERTED_GAP = 0.75, 0.01
STRAIGHT = 8 / 255  # by how much a colour of a soft edge may differ from the animal's
BLOCK = 2**20  # pixels whose colours are counted at once
SMALLEST = 4  # pixels of a photograph of which one may be the animal
WAY_OUT = "save the animal as 255 and everything else as 0, or delete the mask"


TURNED = (
    "it fits the image turned by 90 degrees; masks and boxes have to be those of the image as it "
    "is shown, turned by its EXIF orientation"
)


class UnclearMask(UserError):
    """What is unclear about a mask, and the way out; without the name of its file."""


def read_mask(path: Path, width: int, height: int) -> np.ndarray:
    """Read a mask as uint8 H x W, 0 and 255; it marks some pixels and leaves some.

    width, height : of its photograph as it is shown, turned by its EXIF orientation

    Raises UnclearMask, and UserError naming the file if it is no image.
    """
    data = images.read_bytes(path)
    header = image_header.read_header(path, data)
    size = header.width, header.height
    if size != (width, height):  # a mask is never turned itself
        remedy = TURNED if size == (height, width) else "scale the mask or delete it"
        raise UnclearMask(f"{size[0]} x {size[1]}, its image is {width} x {height}: {remedy}")
    return interpret(images.decode_deep(data, path, cv2.IMREAD_UNCHANGED))


def interpret(pixels: np.ndarray) -> np.ndarray:
    """Turn a decoded mask (uint8 or uint16, H x W or H x W x 3 or 4, BGRA) into 0 and 255.

    Raises UnclearMask.
    """
    mask = _read_opacity(pixels) if pixels.ndim == 3 and pixels.shape[2] == 4 else _mark(pixels)
    if mask.size > SMALLEST and np.count_nonzero(mask) == 1:
        raise UnclearMask(f"marks a single pixel, which is no animal: {WAY_OUT}")
    if is_inverted(mask):
        raise UnclearMask(
            "marks the edge and not the middle, as an inverted mask does: the animal is 255 and "
            "everything else 0, which `magick mogrify -negate FILE` exchanges; or delete the mask"
        )
    return mask


def is_inverted(mask: np.ndarray) -> bool:
    """Whether a mask of 0 and 255 marks almost the whole edge, and less of what is inside."""
    edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]) > 0
    marked = np.count_nonzero(mask) / mask.size
    return bool(edge.mean() >= INVERTED_EDGE and marked < min(edge.mean(), 1 - INVERTED_GAP))


def _read_opacity(pixels: np.ndarray) -> np.ndarray:
    """The mask of BGRA pixels: their opacity if that marks any, else their colours."""
    colours, opacity = np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])
    try:
        mask = _mark(opacity)
    except UnclearMask:  # opaque everywhere
        return _mark(colours)
    # of more levels they are the animal itself, cut out
    is_a_mask = np.count_nonzero(_count_levels(colours.max(axis=2))) == 2
    if is_a_mask and not np.array_equal(mask, _mark(colours)):
        raise UnclearMask(f"its opacity marks other pixels than its colours: {WAY_OUT}")
    return mask


def _mark(pixels: np.ndarray) -> np.ndarray:
    levels = _to_levels(pixels)
    threshold = choose_threshold(_count_levels(levels))
    return cv2.threshold(levels, threshold, 255, cv2.THRESH_BINARY)[1]


def _count_levels(levels: np.ndarray) -> np.ndarray:
    return cv2.calcHist([levels], [0], None, [256], [0, 256]).ravel()


def _to_levels(pixels: np.ndarray) -> np.ndarray:
    """Grey levels, uint8 H x W, of grey pixels or of one colour on black."""
    if pixels.dtype == np.uint16:  # the small numbers of classes stay as they are
        small = np.uint16(1 if pixels.max() > 255 else 0)
        pixels = np.where(pixels > 0, np.maximum(pixels >> 8 * small, small), 0).astype(np.uint8)
    if pixels.ndim == 2:
        return pixels
    blue, green, red = cv2.split(pixels)
    if np.array_equal(blue, green) and np.array_equal(green, red):
        return green
    levels = cv2.max(cv2.max(blue, green), red)
    _require_one_colour(pixels)
    return cv2.convertScaleAbs(levels, alpha=255 / float(levels.max()))


def _require_one_colour(pixels: np.ndarray) -> None:
    """Raise UnclearMask unless the colours are black, one other and mixtures of both."""
    rows = max(1, BLOCK // pixels.shape[1])
    parts = [_list_colours(pixels[at : at + rows]) for at in range(0, len(pixels), rows)]
    colours = np.unique(np.concatenate(parts), axis=0).astype(np.float32)
    if colours[0].any():
        raise UnclearMask(f"has colours and no black background: {WAY_OUT}")
    brightest = colours[colours.max(axis=1).argmax()]
    mixtures = np.outer(colours.max(axis=1) / brightest.max(), brightest)
    if np.abs(colours - mixtures).max() > STRAIGHT * 255:
        raise UnclearMask(f"has several colours beside black, as of several classes: {WAY_OUT}")


def _list_colours(pixels: np.ndarray) -> np.ndarray:
    """The different colours, k x 3 uint8."""
    codes = pixels.astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32)
    codes = np.unique(codes)
    return np.stack([codes & 255, codes >> 8 & 255, codes >> 16], axis=1).astype(np.uint8)


def choose_threshold(counts: np.ndarray) -> int:
    """The grey level above which a pixel is the animal, of how many pixels have each of 256.

    Two levels: the higher one, if the other is 0 or the two lie on both sides of HALF. More: above
    HALF. Raises UnclearMask if that has no meaning.
    """
    levels = np.flatnonzero(counts)
    low, high = int(levels[0]), int(levels[-1])
    if low == high:
        raise UnclearMask(f"every pixel is {low}, so that it marks nothing: {WAY_OUT}")
    if len(levels) == 2 and (low == 0 or low <= HALF < high):
        return low
    if not low <= HALF < high:
        where = "above" if high <= HALF else "at or below"
        raise UnclearMask(
            f"no pixel is {where} {HALF}, and the levels ({_name(levels)}) are not 0 and one "
            f"other: {WAY_OUT}"
        )
    if _has_soft_edge(counts, levels[levels > 0]):
        return HALF
    if len(levels) <= FEW:
        raise UnclearMask(
            f"has the levels {_name(levels)}, as of several classes: which is the animal? {WAY_OUT}"
        )
    if counts[GREY].sum() > counts.sum() / 2:
        raise UnclearMask(
            f"most of its pixels are neither dark nor bright, as those of a photograph: {WAY_OUT}"
        )
    return HALF


def _has_soft_edge(counts: np.ndarray, marked: np.ndarray) -> bool:
    """Whether one of the levels above 0 is the animal, above HALF, and the others its edge."""
    own = int(marked[counts[marked].argmax()])
    return bool(own > HALF and counts[own] >= OWN * counts[marked].sum())


def _name(levels: np.ndarray) -> str:
    return ", ".join(map(str, levels[:FEW])) + (", ..." if len(levels) > FEW else "")
