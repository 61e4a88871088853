"""New photographs, cropped, embedded and described by local features as the stages do it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import images, tables
from pipeline.data.features import Features
from pipeline.identify.stored_tables import StoredTables
from pipeline.models import member_networks
from pipeline.models.embedding_net import EmbeddingNet
from pipeline.params import Params
from pipeline.steps.crop import crop, pack
from pipeline.steps.crop.given import Given
from pipeline.steps.embed import embed
from pipeline.steps.keypoints import keypoints
from pipeline.system.errors import NOT_OF_ONE_RUN, OTHER_SETTINGS, UserError

logger = logging.getLogger(__name__)

# what a photograph without a detected animal means, by crop.frame
NO_ANIMAL = {
    "animal": "The members are trained on cut-out animals: cut it out yourself and try again.",
    "photograph": "Its background is matched too: ignore matched points outside the animal.",
}


@dataclass(frozen=True)
class Extracted:
    """n photographs: their embeddings by each of m members (m x n x d), and local features."""

    embeddings: np.ndarray
    features: Features


def read_images(files: Sequence[Path]) -> pd.DataFrame:
    """Build the "images" table of some files, one row per file.

    Raises UserError for a file that is not a photograph.
    """
    rows = [_image_row(number, path) for number, path in enumerate(files)]
    return pd.DataFrame(rows, columns=tables.COLUMNS["images"])


def _image_row(number: int, path: Path) -> list:
    try:
        width, height = images.read_size(path)
    except ValueError as error:
        raise UserError(str(error)) from None
    data = path.read_bytes()
    digest = images.hash_bytes(data)
    return [f"{number} {path.name}", "test", "", str(path), width, height, len(data), digest]


class Extractor:
    """Crops photographs, embeds them by members of match.backbone, and finds local features.

    The networks are loaded when first needed, and kept.

    stored : what the run knows of its photographs
    """

    def __init__(self, p: Params, stored: StoredTables) -> None:
        self.p, self.stored = p, stored
        self.networks: dict[int, EmbeddingNet] = {}

    def extract(self, table: pd.DataFrame, folds: Sequence[int]) -> Extracted:
        """Describe the photographs of a table "images".

        folds : the held-out folds of the members, in the order of the embeddings
        """
        with TemporaryDirectory() as folder:
            crops = Path(folder) / "crops.npy"
            boxes = self.crop(table, crops)
            features = keypoints.extract(table, boxes, crops, self.p.keypoints)
            _warn_of_missing_points(table, features)
            embeddings = [self.embed(table, crops, fold) for fold in folds]
        return Extracted(np.stack(embeddings), features)

    def crop(self, table: pd.DataFrame, crops: Path) -> pd.DataFrame:
        """Crop photographs into the file `crops` (n x H x W x 4, uint8); returns their "boxes".

        A photograph of the competition gets its stored crop and box; any other one is cropped as
        the stage `crop` does it.
        """
        source, segment = self.segmenter
        boxes = pack.pack(table, Given({}, {}), source, segment, self.p.crop, crops)
        _copy_stored_crops(table, boxes, crops, self.stored)
        _warn_of_missing_animals(table, boxes, self.p.crop.frame, self.stored)
        return boxes

    @cached_property
    def segmenter(self) -> tuple[str, pack.Segment]:
        """Name and function of what finds masks."""
        return crop.choose_segmenter(crop.load_unet(paths.UNET, self.p.crop), self.p.crop)

    def embed(self, table: pd.DataFrame, crops: Path, fold: int) -> np.ndarray:
        """Embed the crops of n photographs by one member, n x d unit vectors."""
        backbone = self.p.match.backbone
        settings = self.p.member_train(backbone)
        if fold not in self.networks:
            model = paths.model(backbone, fold)
            built = self.p.backbones[backbone]
            self.networks[fold] = member_networks.load_trained(built, settings, model)
        net = self.networks[fold]
        return embed.embed(net, crops, table["image"], settings.channels, self.p.embed.flip).vectors


def _copy_stored_crops(
    table: pd.DataFrame, boxes: pd.DataFrame, crops: Path, known: StoredTables
) -> None:
    """Replace the crops and boxes of photographs that the competition has, in place."""
    stored = known.boxes
    packed, output = tables.open_array(paths.CROPS), np.load(crops, mmap_mode="r+")
    if packed.shape[1:] != output.shape[1:]:
        sizes = [f"{array.shape[2]} x {array.shape[1]}" for array in (packed, output)]
        raise UserError(f"{paths.CROPS} has crops of {sizes[0]}, not {sizes[1]}: {OTHER_SETTINGS}")
    hashes = known.images["sha256"].tolist()
    if not len(hashes) == len(stored) == len(packed):
        raise UserError(
            f"{paths.CROPS}, {paths.BOXES} and {paths.IMAGES} have {len(packed)}, {len(stored)} "
            f"and {len(hashes)} photographs: {NOT_OF_ONE_RUN}"
        )
    columns = list(boxes.columns[1:])
    for row, digest in enumerate(table["sha256"]):
        if digest in hashes:
            stored_row = hashes.index(digest)
            output[row] = packed[stored_row]
            boxes.loc[row, columns] = stored.loc[stored_row, columns]
    output.flush()


def _warn_of_missing_animals(
    table: pd.DataFrame, boxes: pd.DataFrame, frame: str, stored: StoredTables
) -> None:
    """Warn of new photographs that are used whole, if the competition has detected animals."""
    if not (stored.boxes["source"] != "whole").any():
        return
    new = ~table["sha256"].isin(stored.images["sha256"]) & (boxes["source"] == "whole")
    for path in table.loc[new, "path"]:
        message = "%s: no animal was found, the whole photograph is used. %s"
        logger.warning(message, path, NO_ANIMAL[frame])


def _warn_of_missing_points(table: pd.DataFrame, features: Features) -> None:
    """Warn of photographs on whose animal no local feature was found, if they were looked for."""
    if not len(features.names):
        return
    for path in table.loc[features.ends == features.starts[:-1], "path"]:
        logger.warning(
            "%s: no local features were found (is it blank, dark, foggy or very small?): only its "
            "embedding is compared, and no points can match",
            path,
        )
