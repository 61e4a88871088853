"""What a question shows of two photographs: the pictures, where the animals are, matched points."""

from collections.abc import Sequence
from functools import cached_property, lru_cache

import cv2
import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, images
from pipeline.data.features import Canvases
from pipeline.steps.report.best_matches import build_match_lines
from pipeline.system.errors import UserError, explain_damage

LONGEST_SIDE = 2048  # pixels: enough to zoom in, quick to send
THUMBNAIL_SIDE = 360  # pixels of the animal's longer side, in a group of many
THUMBNAILS = 1_000  # that are kept, about 20 kB each
QUALITY = 88  # of JPEG
MARGIN = 0.05  # of the animal's box, around it
POINTS = ["query", "image", "query_point", "x", "y", "gallery_x", "gallery_y", "ratio"]


class Views:
    """The photographs of a finished run.

    query_sets : the sets of queries whose keypoints `match` has compared
    """

    def __init__(self, query_sets: Sequence[paths.QuerySet]) -> None:
        self._query_sets = query_sets
        self.encode = lru_cache(maxsize=8)(self._encode)
        self.encode_animal = lru_cache(maxsize=THUMBNAILS)(self._encode_animal)

    @cached_property
    def _sizes(self) -> pd.DataFrame:
        return artefacts.load_images().set_index("image")[["width", "height"]]

    @cached_property
    def _files(self) -> dict[str, str]:
        return artefacts.load_files()

    @cached_property
    def _boxes(self) -> pd.DataFrame:
        return artefacts.load_boxes().set_index("image")[["x0", "y0", "x1", "y1"]]

    @cached_property
    def _canvases(self) -> Canvases:
        return Canvases.load(paths.KEYPOINTS)

    def _encode(self, image: str) -> bytes:
        """A photograph as JPEG. Raises UserError for an unknown one, or if it can't be read."""
        with images.open_rgb(self._find(image)) as photograph:
            return encode(photograph, LONGEST_SIDE)

    def _encode_animal(self, image: str) -> bytes:
        """The animal's region of a photograph, small, as JPEG. Raises as `encode`."""
        with images.open_rgb(self._find(image)) as photograph:
            x, y, width, height = self._find_region(image)
            return encode(photograph[y : y + height, x : x + width], THUMBNAIL_SIDE)

    def _find(self, image: str) -> str:
        if image not in self._files:
            raise UserError(f"there is no photograph {image!r}")
        return self._files[image]

    def describe(self, image: str) -> dict[str, object]:
        """Its width and height in pixels, and the animal's region: x, y, width, height."""
        width, height = self._find_size(image)
        region = self._find_region(image)
        return {"image": image, "width": width, "height": height, "region": region}

    def _find_size(self, image: str) -> tuple[int, int]:
        width, height = self._sizes.loc[[image]].to_numpy(int)[0].tolist()
        return width, height

    def _find_region(self, image: str) -> list[int]:
        width, height = self._find_size(image)
        x0, y0, x1, y1 = (int(side) for side in self._boxes.loc[[image]].to_numpy()[0])
        padding = MARGIN * max(x1 - x0, y1 - y0)
        left, top = max(x0 - padding, 0), max(y0 - padding, 0)
        right, bottom = min(x1 + padding, width), min(y1 + padding, height)
        return [round(value) for value in (left, top, right - left, bottom - top)]

    def find_points(self, photograph: str, other: str) -> list[int]:
        """Matched points, four numbers each, as `best_matches.build_match_lines` gives them.

        Empty if none were found, or the keypoints were not compared.
        """
        found = [self._read_points(photograph, other), self._read_points(other, photograph)]
        is_turned = len(found[1]) > len(found[0])
        points = found[is_turned]
        if points.empty:
            return []
        pair = points[["query", "image"]].head(1)
        lines = build_match_lines(pair, points, self._canvases, self._sizes)
        flat = lines[tuple(pair.iloc[0])]
        if not is_turned:
            return flat
        starts = range(0, len(flat), 4)
        return [value for at in starts for value in (*flat[at + 2 : at + 4], *flat[at : at + 2])]

    def _read_points(self, query: str, image: str) -> pd.DataFrame:
        chosen = [("query", "==", query), ("image", "==", image)]
        parts = []
        for queries in self._query_sets:
            path = paths.matched_points(queries)
            with explain_damage(path):
                parts.append(pd.read_parquet(path, columns=POINTS, filters=chosen))
        return pd.concat(parts, ignore_index=True)


def encode(photograph: np.ndarray, side: int) -> bytes:
    """An H x W x 3 RGB photograph as JPEG, its longer side at most `side` pixels."""
    height, width = photograph.shape[:2]
    scale = min(side / max(height, width), 1.0)
    shape = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(photograph, shape, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes()
