"""Shards of `crop`: the U-Net is trained once, on the head; then each has some photographs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, shards, tables
from pipeline.data.shards import Shard
from pipeline.models.checked_networks import check_networks_once
from pipeline.steps.crop import crop, pack
from pipeline.steps.crop.given import build_given
from stages.shards import run


def begin(folder: Path, places: int, gpu: bool) -> None:
    p, images = params.load(), artefacts.load_images()
    check_networks_once(p, paths.CHECKED_NETWORKS)
    boxes, masks = load_given()
    _, unseen = crop.train_unet(images, build_given(boxes, masks), p.crop, paths.UNET)
    unseen.save(paths.HELD_OUT_MASKS)
    size = shards.choose_size(len(images), places)
    ranges = shards.split(pack.split_runs(images, gpu), size, images["bytes"].tolist())
    plan = [
        plan_shard(images[rows.start : rows.stop], boxes, masks, shards.inputs(folder, number))
        for number, rows in enumerate(ranges)
    ]
    shards.write_plan(plan, folder)


def load_given() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables "given_boxes" and "given_masks"."""
    boxes = tables.read("given_boxes", paths.GIVEN_BOXES)
    return boxes, tables.read("given_masks", paths.GIVEN_MASKS)


def plan_shard(
    images: pd.DataFrame, boxes: pd.DataFrame, masks: pd.DataFrame, folder: Path
) -> Shard:
    """Plan the shard of some photographs, whose tables are written to `folder`."""
    boxes, masks = (table[table["image"].isin(images["image"])] for table in (boxes, masks))
    names = shards.name_files([*images["path"], *masks["path"]])
    written = {
        "images": (images.assign(path=images["path"].map(names)), paths.IMAGES),
        "given_boxes": (boxes, paths.GIVEN_BOXES),
        "given_masks": (masks.assign(path=masks["path"].map(names)), paths.GIVEN_MASKS),
    }
    for kind, (table, path) in written.items():
        tables.write(kind, table, folder / path)
    own = shards.list_own(folder, names)
    return Shard([], shards.keep_places([paths.UNET]), own, [*map(str, (paths.BOXES, paths.CROPS))])


def compute() -> None:
    p, images = params.load(), artefacts.load_images()
    known, net = build_given(*load_given()), crop.load_unet(paths.UNET, p.crop)
    tables.write("boxes", crop.cut_out(images, known, p.crop, net, paths.CROPS), paths.BOXES)


def join(folder: Path) -> None:
    p, count = params.load(), len(artefacts.load_images())
    boxes = pack.save(read_crops(folder), count, p.crop, paths.CROPS)
    crop.print_sources(boxes)
    tables.write("boxes", boxes, paths.BOXES)


def read_crops(folder: Path) -> Iterator[tuple[np.ndarray, list]]:
    """The crops and rows of all shards, one after another."""
    for results in shards.list_results(folder):
        boxes = tables.read("boxes", results / paths.BOXES)
        yield from pack.read_saved(results / paths.CROPS, boxes)


if __name__ == "__main__":
    run(begin, compute, join)
