"""Photographs of the catalogue's animals segmented by a network that learns from GrabCut's masks.

The network sees photographs and no names. It is trained on the catalogue alone, so that new
photographs change nothing; what it finds is kept by its key, and so are the features inside.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from pipeline.data import pixels_in_flight
from pipeline.data.features import PhotographFeatures
from pipeline.data.pixels_in_flight import IN_FLIGHT
from pipeline.models import stored_weights
from pipeline.naming.photographs import Described, from_features, to_features
from pipeline.naming.workspace import Workspace
from pipeline.params import Crop, Params
from pipeline.steps.crop import crop, pack, unet
from pipeline.steps.crop.given import Given
from pipeline.steps.crop.unet import SegmentationNet
from pipeline.steps.keypoints import keypoints
from pipeline.system.workers import start_workers

NETWORK, KIND = "masks", "segmented"
BATCH = 32  # photographs that are segmented, and stored, together
NOTHING_GIVEN = Given({}, {})


@dataclass(frozen=True)
class Segmenter:
    """The weights of a trained network for masks, and the key of what it finds."""

    key: str
    state: Mapping[str, np.ndarray]

    def build(self, settings: Crop) -> SegmentationNet:
        """The network, in evaluation mode."""
        net = unet.build(settings.unet.seed, crop.computing_device())
        tensors = {name: torch.from_numpy(array) for name, array in self.state.items()}
        stored_weights.load_weights(net, tensors, Path(self.key))
        return net.eval()


def train_segmenter(
    files: Mapping[str, Path], found: Mapping[str, Described], workspace: Workspace, p: Params
) -> Segmenter | None:
    """Train a segmenter on photographs (`files`, by digest), or read it from the workspace.

    None if GrabCut finds too few masks (`crop.unet.min_masks`).
    """
    key = hashlib.sha256("\n".join(sorted(files)).encode()).hexdigest()
    state = workspace.load(NETWORK, key)
    if state is None:
        settings = p.crop.model_copy(update={"without_masks": "unet"})
        net, _ = crop.fit_unet(list_images(sorted(files), files, found), NOTHING_GIVEN, settings)
        state = stored_weights.to_arrays(net) if net else {}
        remove_outdated(workspace)
        workspace.save(NETWORK, key, state)
    return Segmenter(key, state) if state else None


def remove_outdated(workspace: Workspace) -> None:
    """Remove what was found for another catalogue: 100 MB for a thousand photographs."""
    for folder in [workspace.folder / NETWORK, *workspace.folder.glob(f"{KIND}-*")]:
        shutil.rmtree(folder, ignore_errors=True)


def list_images(
    digests: list[str], files: Mapping[str, Path], found: Mapping[str, Described]
) -> pd.DataFrame:
    """The columns of the table "images" that `crop` reads."""
    rows = [(digest, str(files[digest]), *found[digest].size) for digest in digests]
    return pd.DataFrame(rows, columns=["image", "path", "width", "height"])


def describe_inside(
    files: Mapping[str, Path],
    found: Mapping[str, Described],
    segmenter: Segmenter,
    workspace: Workspace,
    p: Params,
) -> dict[str, Described]:
    """The photographs (by digest) with the local features inside the segmenter's masks."""
    kind = f"{KIND}-{segmenter.key[:16]}"
    stored = ((digest, workspace.load(kind, digest)) for digest in files)
    features = {digest: to_features(arrays) for digest, arrays in stored if arrays}
    missing = list_images([digest for digest in files if digest not in features], files, found)
    for digest, one in extract(missing, segmenter, p):
        workspace.save(kind, digest, from_features(one))
        features[digest] = one
    return {digest: replace(found[digest], features=features[digest]) for digest in files}


def extract(
    images: pd.DataFrame, segmenter: Segmenter, p: Params
) -> Iterator[tuple[str, PhotographFeatures]]:
    """Segment photographs and yield the local features of each."""
    if images.empty:
        return
    source, segment = crop.choose_segmenter(segmenter.build(p.crop), p.crop)
    detect = keypoints.load_detector(p.keypoints)
    progress = tqdm(total=len(images), desc="segmenting", unit="image", mininterval=2)

    def describe_one(path: str, crop_and_row: tuple[np.ndarray, list]) -> PhotographFeatures:
        pixels, row = crop_and_row
        matrix = np.array(row[-6:], float).reshape(2, 3)
        return keypoints.extract_photograph(path, matrix, pixels[..., 3], p.keypoints, detect)

    with start_workers() as pool, progress:
        for batch in split(images):
            with IN_FLIGHT.hold(int((batch["width"] * batch["height"]).sum())):
                crops = pack.cut_run(batch, NOTHING_GIVEN, source, segment, p.crop, pool)
            described = pool.map(describe_one, batch["path"], crops)
            yield from zip(batch["image"], described, strict=True)
            progress.update(len(batch))


def split(images: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Photographs that fit into memory together."""
    pixels = (images["width"] * images["height"]).tolist()
    for run in pixels_in_flight.split_rows(pixels, BATCH, pixels_in_flight.MAX_PIXELS):
        yield images.iloc[run.start : run.stop]
