"""Animals cut out of photographs.

Each animal becomes a small photograph of its own in the workspace, so that all that follows finds
it as on any other. Around its box is as much as GrabCut takes for background at first.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from pipeline.data import images
from pipeline.exchange.boxes import FoundBox, widen
from pipeline.naming.workspace import Workspace
from pipeline.steps.crop import grabcut
from pipeline.system.files import replace

KIND = "animals"
# on each side, as a fraction of the box: GrabCut's first rectangle is all but a border of each
# side, and with this margin it is the box
MARGIN = grabcut.BORDER / (1 - 2 * grabcut.BORDER)
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]  # 4:4:4


def cut_out(
    file: Path, boxes: Sequence[FoundBox], workspace: Workspace
) -> list[tuple[Path, tuple[float, ...]]]:
    """The file of each box's animal, cut out unless it is there, and the box in fractions.

    Raises ValueError for a box outside of the photograph, and UserError for one that can't be read.
    """
    digest = images.hash_bytes(images.read_bytes(file))
    keys = [hashlib.sha256(f"{digest} {box}".encode()).hexdigest() for box in boxes]
    places = load_places(keys, workspace)
    if places is None:
        places = cut_photograph(file, boxes, keys, workspace)
    return [(locate(key, workspace), place) for key, place in zip(keys, places, strict=True)]


def locate(key: str, workspace: Workspace) -> Path:
    """The file of an animal that is cut out."""
    return workspace.path(KIND, key).with_suffix(".jpg")


def load_places(keys: Iterable[str], workspace: Workspace) -> list[tuple[float, ...]] | None:
    """The boxes of animals that are cut out already; None if one is not."""
    places = []
    for key in keys:
        stored = workspace.load(KIND, key)
        if stored is None or not locate(key, workspace).is_file():
            return None
        places.append(tuple(stored["box"].tolist()))
    return places


def cut_photograph(
    file: Path, boxes: Sequence[FoundBox], keys: Sequence[str], workspace: Workspace
) -> list[tuple[float, ...]]:
    """Write each animal of a photograph, and return its box in fractions of the photograph.

    Raises ValueError for a box outside of it, and UserError for a photograph that can't be read.
    """
    places: list[tuple[float, ...]] = []
    with images.open_rgb(file) as rgb:
        height, width = rgb.shape[:2]
        for box, key in zip(boxes, keys, strict=True):
            x0, y0, x1, y1 = box.upright(width, height).to_pixels(width, height)
            picture = np.ascontiguousarray(cut_pixels(rgb, box)[..., ::-1])
            data = cv2.imencode(".jpg", picture, JPEG)[1].tobytes()
            replace(locate(key, workspace), partial(Path.write_bytes, data=data))
            place = (x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height)
            workspace.save(KIND, key, {"box": np.array(place)})
            places.append(place)
    return places


def cut_pixels(rgb: np.ndarray, box: FoundBox) -> np.ndarray:
    """The pixels in a box with its margin, upright; what is outside of the photograph is black."""
    height, width = rgb.shape[:2]
    if not box.angle:
        left, top, right, bottom = widen(box.to_pixels(width, height), width, height, MARGIN)
        return rgb[top:bottom, left:right]
    across, down = (width, height) if box.relative else (1, 1)
    x0, x1, y0, y1 = box.x0 * across, box.x1 * across, box.y0 * down, box.y1 * down
    # pixels' centres lie half a pixel from their edges
    centre = (x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5
    size = [max(1, round(b - a) + 2 * math.ceil((b - a) * MARGIN)) for a, b in ((x0, x1), (y0, y1))]
    turn = np.asarray(cv2.getRotationMatrix2D(centre, np.degrees(box.angle), 1), float)
    turn[:, 2] += np.array([(side - 1) / 2 for side in size]) - centre
    return cv2.warpAffine(rgb, turn, size, flags=cv2.INTER_LINEAR)
