"""The table of given masks, with those drawn whose outlines are given."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from pipeline.data import images as reading
from pipeline.data import tables
from pipeline.steps.competition.listing import Annotations, Polygons


def tabulate_masks(given: Annotations, images: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The table "given_masks", with hashes, so that another mask is noticed.

    images : table "images"; folder : of the drawn masks, which is replaced
    """
    files = given.masks | _draw_masks(given.polygons, images, folder)
    rows = [
        (image, file.as_posix(), reading.hash_bytes(file.read_bytes()))
        for image, file in files.items()
    ]
    return pd.DataFrame(rows, columns=tables.COLUMNS["given_masks"])


def _draw_masks(polygons: Polygons, images: pd.DataFrame, folder: Path) -> dict[str, Path]:
    """Draw outlines as masks, PNG files in a new folder; returns the files by image."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pairs = zip(images["width"], images["height"], strict=True)
    sizes = dict(zip(images["image"], pairs, strict=True))
    files = {}
    for number, (image, outlines) in enumerate(polygons.items()):
        width, height = sizes[image]
        mask = np.zeros((height, width), np.uint8)
        corners = [outline.clip(0, max(width, height)).round().astype(int) for outline in outlines]
        cv2.fillPoly(mask, corners, 255)
        files[image] = folder / f"{number:06d}.png"
        cv2.imwrite(str(files[image]), mask)
    return files
