"""The step `crop`: find the animal in every photograph and cut it out."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from pipeline.data import held_out_masks, images, tables
from pipeline.data.held_out_masks import UnseenMasks
from pipeline.params import Crop
from pipeline.steps.crop import given, grabcut, unet, unet_training
from pipeline.steps.crop.boxes import Box
from pipeline.steps.crop.given import Given
from pipeline.steps.crop.pack import Segment, pack

MOST_GUESSED = 2000  # photographs that GrabCut makes lessons of: half a GB at 256 x 256


def crop(
    table: pd.DataFrame, directory: Path, column: str, settings: Crop, crops: Path, learned: Path
) -> tuple[pd.DataFrame, UnseenMasks]:
    """Cut out all rows of the "images" table into the array file `crops`; return the "boxes" table,
    and how the U-Net's masks compare with those that it was not shown.

    `directory` is the competition's: its masks and boxes.csv (with `column` for the images) are
    used where they exist. Enough masks teach a U-Net, which finds the animal in the other
    photographs; with fewer, `settings.without_masks` says what happens to those: "unet" lets
    GrabCut's masks teach it. Where the step is not enabled, every photograph is packed whole. The
    U-Net's weights go to `learned`, a file without tensors where there is none.
    """
    known = given.read(directory, table, column) if settings.enabled else Given({}, {})
    found = f"{len(known.boxes)} boxes and {len(known.masks)} masks are given"
    print("crop:", found if settings.enabled else "switched off", flush=True)
    net, unseen = taught(table, known, settings)
    state = {name: own.cpu().contiguous() for name, own in net.state_dict().items()} if net else {}
    tables.replace(learned, lambda part: save_file(state, part))
    source, segment = segmenter(net, settings)
    boxes = pack(table, known, source, segment, settings, crops)
    counts = boxes["source"].value_counts().sort_index()
    print("crop:", ", ".join(f"{count} {name}" for name, count in counts.items()), flush=True)
    return boxes, unseen


def taught(
    table: pd.DataFrame, known: Given, settings: Crop
) -> tuple[nn.Module | None, UnseenMasks]:
    """A U-Net that learned from the given masks, or from GrabCut's where these are few and
    `settings.without_masks` is "unet", and what it makes of the masks held out; None where none is
    needed, or masks are too few.
    """
    if not settings.enabled or len(known.masks) == len(table):
        return None, held_out_masks.nothing()
    size = settings.unet.size * unet_training.DETAIL
    lessons, source = training_set(table, known, size), "mask"
    if len(lessons) < settings.unet.min_masks and settings.without_masks == "unet":
        lessons, source = guessed_set(table, known, size), "grabcut"
    if len(lessons) < settings.unet.min_masks:
        return None, held_out_masks.nothing()
    names, thumbnails = np.array(list(lessons)), np.stack(list(lessons.values()))
    net, rows = unet_training.train(thumbnails, settings.unet, computing_device())
    unseen = unet_training.compared(net, settings.unet.size, names[rows], thumbnails[rows], source)
    overlap = f"; mean IoU {unseen.masks.mean():.3f} on {len(rows)} held out" if len(rows) else ""
    print(f"crop: U-Net trained on {len(names) - len(rows)} masks{overlap}", flush=True)
    return net, unseen


def learned_unet(learned: Path, settings: Crop) -> nn.Module | None:
    """The U-Net that `crop` left in `learned`; None where it left none."""
    state = load_file(learned)
    if not state:
        return None
    net = unet.build(settings.unet.seed, computing_device())
    net.load_state_dict(state)
    return net


def computing_device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def segmenter(net: nn.Module | None, settings: Crop) -> tuple[str, Segment]:
    """The name and the function of what finds masks where none is given."""
    if net is not None:
        return "unet", partial(unet.masks, net, settings.unet.size)
    if settings.enabled and settings.without_masks != "whole":
        return "grabcut", grabcut.masks
    return "whole", nothing


def nothing(photographs: list[np.ndarray], boxes: list[Box | None]) -> list[None]:
    """No mask for any photograph."""
    return [None] * len(photographs)


def training_set(table: pd.DataFrame, known: Given, size: int) -> dict[str, np.ndarray]:
    """Photographs with their given masks by name, uint8 size x size x 4 each; no empty masks."""
    rows = table[table["image"].isin(known.masks)]
    files = [known.masks[name] for name in rows["image"]]
    with ThreadPoolExecutor() as pool:
        lessons = pool.map(partial(lesson, size), rows["path"], files)
        pairs = zip(rows["image"], lessons, strict=True)
        return {name: one for name, one in pairs if one[..., 3].any()}


def lesson(size: int, photograph: str, mask: Path) -> np.ndarray:
    """One photograph and its mask stretched to size x size x 4; a pixel half covered is 127."""
    rgb = images.read_rgb(photograph)
    height, width = rgb.shape[:2]
    return stretched(size, rgb, given.read_mask(mask, width, height))


def guessed_set(table: pd.DataFrame, known: Given, size: int) -> dict[str, np.ndarray]:
    """Photographs with GrabCut's masks by name, uint8 size x size x 4 each, where it finds a
    plausible one.

    It errs in every photograph otherwise, and cuts off heads: what a net learns from many is what
    they have in common, the animal.
    """
    chosen = table.iloc[np.unique(np.linspace(0, len(table) - 1, MOST_GUESSED).astype(int))]
    boxes = [known.boxes.get(name) for name in chosen["image"]]
    with ThreadPoolExecutor() as pool:
        lessons = pool.map(partial(guessed_lesson, size), chosen["path"], boxes)
        pairs = zip(chosen["image"], lessons, strict=True)
        return {name: one for name, one in pairs if one is not None}


def guessed_lesson(size: int, photograph: str, box: Box | None) -> np.ndarray | None:
    """One photograph and its mask by GrabCut, size x size x 4; None where that finds none."""
    rgb = images.read_rgb(photograph)
    mask = grabcut.mask(rgb, box)
    return None if mask is None else stretched(size, rgb, mask)


def stretched(size: int, rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A photograph and its mask as size x size x 4; a pixel half covered is 127."""
    return np.dstack([unet.thumbnail(rgb, size), unet.thumbnail(mask, size)])
