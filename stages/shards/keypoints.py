"""Shards of `keypoints`: each has some photographs, with the masks of their crops."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, features, shards, tables
from pipeline.data.features import Features, PhotographFeatures
from pipeline.data.shards import Shard
from pipeline.steps.keypoints import keypoints
from stages.shards import run


def begin(folder: Path, places: int, gpu: bool) -> None:
    p, images, boxes = params.load(), artefacts.load_images(), artefacts.load_boxes()
    size = shards.choose_size(len(images), places)
    alone = [range(row, row + 1) for row in range(len(images) if p.keypoints.enabled else 0)]
    ranges = shards.split(alone, size, images["bytes"].tolist())
    plan = [
        plan_shard(rows, images, boxes, shards.inputs(folder, number))
        for number, rows in enumerate(ranges)
    ]
    shards.write_plan(plan, folder)


def plan_shard(rows: range, images: pd.DataFrame, boxes: pd.DataFrame, folder: Path) -> Shard:
    """Plan the shard of some rows, whose tables and masks are written to `folder`."""
    own, crops = images[rows.start : rows.stop], tables.open_array(paths.CROPS)
    names = shards.name_files(own["path"])
    tables.write("images", own.assign(path=own["path"].map(names)), folder / paths.IMAGES)
    tables.write("boxes", boxes[rows.start : rows.stop], folder / paths.BOXES)
    with (folder / paths.CROPS).open("wb") as file:  # the masks alone, a quarter of the crops
        np.save(file, crops[rows.start : rows.stop, ..., 3:])
    return Shard([], {}, shards.list_own(folder, names), [str(paths.KEYPOINTS)])


def compute() -> None:
    p, images, boxes = params.load(), artefacts.load_images(), artefacts.load_boxes()
    keypoints.extract(images, boxes, paths.CROPS, p.keypoints).save(paths.KEYPOINTS)


def join(folder: Path) -> None:
    p, names = params.load(), artefacts.load_images()["image"].to_numpy()
    found = features.join_on_disk(names, read_photographs(folder), paths.CROPS.parent)
    keypoints.check_found(found, p.keypoints)
    found.save(paths.KEYPOINTS)


def read_photographs(folder: Path) -> Iterator[PhotographFeatures]:
    """The features of each photograph, one shard's after another's."""
    for results in shards.list_results(folder):
        found = Features.load(results / paths.KEYPOINTS)
        yield from map(found.of, range(len(found.names)))


if __name__ == "__main__":
    run(begin, compute, join)
