"""The step `crop`: find the animal in every photograph and cut it out."""

from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pipeline.data import held_out_masks
from pipeline.data.held_out_masks import HeldOutMasks
from pipeline.models import stored_weights
from pipeline.params import Crop
from pipeline.steps.crop import examples, grabcut, pack, unet, unet_evaluation, unet_training
from pipeline.steps.crop.boxes import Box
from pipeline.steps.crop.given import Given
from pipeline.steps.crop.pack import Segment
from pipeline.steps.crop.unet import SegmentationNet


def crop(
    table: pd.DataFrame, known: Given, settings: Crop, crops: Path, weights: Path
) -> tuple[pd.DataFrame, HeldOutMasks]:
    """Cut out the animals of the "images" table into the array file `crops`.

    Returns the "boxes" table, and how the U-Net's masks compare with those held out.

    known : the boxes and masks that are given
    weights : file for the U-Net's weights; without tensors if there is no U-Net

    With enough masks a U-Net is trained, which finds the animal in the other photographs; with
    fewer, `settings.without_masks` decides: "unet" trains it on GrabCut's masks. If the step is not
    enabled, every photograph is packed whole.
    """
    net, unseen = train_unet(table, known, settings, weights)
    boxes = cut_out(table, known, settings, net, crops)
    print_sources(boxes)
    return boxes, unseen


def train_unet(
    table: pd.DataFrame, known: Given, settings: Crop, weights: Path
) -> tuple[SegmentationNet | None, HeldOutMasks]:
    """The first half of `crop`: train the U-Net, if there is to be one, and write its weights."""
    counts = f"{len(known.boxes)} boxes and {len(known.masks)} masks are given"
    print("crop:", counts if settings.enabled else "switched off", flush=True)
    net, unseen = fit_unet(table, known, settings)
    stored_weights.save_weights(stored_weights.to_arrays(net) if net else {}, weights)
    return net, unseen


def cut_out(
    table: pd.DataFrame, known: Given, settings: Crop, net: SegmentationNet | None, crops: Path
) -> pd.DataFrame:
    """The second half of `crop`, of all photographs or of some: returns their "boxes" table.

    No crop depends on photographs outside of its run (`pack.split_runs`).
    """
    known = known if settings.enabled else Given({}, {})
    source, segment = choose_segmenter(net, settings)
    return pack.pack(table, known, source, segment, settings, crops)


def print_sources(boxes: pd.DataFrame) -> None:
    """Print how many boxes are of each source."""
    sources = boxes["source"].value_counts().sort_index()
    print("crop:", ", ".join(f"{count} {name}" for name, count in sources.items()), flush=True)


def fit_unet(
    table: pd.DataFrame, known: Given, settings: Crop
) -> tuple[SegmentationNet | None, HeldOutMasks]:
    """Train a U-Net and compare its masks with those held out.

    It is trained on the given masks, or on GrabCut's if these are few and `settings.without_masks`
    is "unet". None if no U-Net is needed or there are too few masks.
    """
    if not settings.enabled or len(known.masks) == len(table):
        return None, held_out_masks.build_empty()
    size = settings.unet.size * unet_training.DETAIL
    masked, source = examples.load_examples(table, known, size), "mask"
    if len(masked) < settings.unet.min_masks and settings.without_masks == "unet":
        masked, source = examples.make_examples(table, known, size), "grabcut"
    if len(masked) < settings.unet.min_masks:
        return None, held_out_masks.build_empty()
    names, thumbnails = np.array(list(masked)), np.stack(list(masked.values()))
    net, rows = unet_training.train(thumbnails, settings.unet, computing_device())
    unseen = unet_evaluation.evaluate(
        net, settings.unet.size, names[rows], thumbnails[rows], source
    )
    overlap = f"; mean IoU {unseen.masks.mean():.3f} on {len(rows)} held out" if len(rows) else ""
    print(f"crop: U-Net trained on {len(names) - len(rows)} masks{overlap}", flush=True)
    return net, unseen


def load_unet(weights: Path, settings: Crop) -> SegmentationNet | None:
    """Load the U-Net that `crop` trained; None if the file has no tensors.

    Raises UserError if it is missing, damaged or another network's.
    """
    state = stored_weights.read_weights(weights)
    if not state:
        return None
    net = unet.build(settings.unet.seed, computing_device())
    stored_weights.load_weights(net, state, weights)
    return net


def computing_device() -> torch.device:
    """The GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def choose_segmenter(net: SegmentationNet | None, settings: Crop) -> tuple[str, Segment]:
    """Name and function of what finds the masks that are not given."""
    if net is not None:
        return "unet", partial(unet.find_masks, unet.fold(net), settings.unet.size)
    if settings.enabled and settings.without_masks != "whole":
        return "grabcut", grabcut.find_masks
    return "whole", find_no_masks


def find_no_masks(
    photographs: list[np.ndarray], boxes: list[Box | None], pool: Executor
) -> list[np.ndarray | None]:
    """Return None for every photograph."""
    return [None] * len(photographs)
