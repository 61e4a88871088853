"""Photographs described once and kept: embedding, local features and thumbnail, by content."""

from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from pipeline.data import images
from pipeline.data.features import PhotographFeatures
from pipeline.data.planes import to_planes
from pipeline.models import member_networks
from pipeline.models.embedding_net import EmbeddingNet
from pipeline.naming.settings import BACKBONE
from pipeline.naming.workspace import Workspace
from pipeline.params import Params
from pipeline.steps.crop import grabcut, pack
from pipeline.steps.crop.given import Given
from pipeline.steps.crop.reduced import Reduced
from pipeline.steps.embed import embed
from pipeline.steps.keypoints import keypoints
from pipeline.steps.report import photographs as thumbnails
from pipeline.system import device, machine
from pipeline.system.errors import UserError
from pipeline.system.threads import map_in_threads

KIND = "photographs"
THUMBNAIL = 288  # pixels of the longer side
BATCH = 16  # photographs that are embedded, and stored, together


@dataclass(frozen=True)
class Described:
    """A photograph's embedding (d), local features, thumbnail (base64 WebP) and (width, height)."""

    vector: np.ndarray
    features: PhotographFeatures
    thumbnail: str
    size: tuple[int, int]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """As arrays, for the workspace."""
        return {
            "vector": self.vector,
            **from_features(self.features),
            "thumbnail": np.array(self.thumbnail),
            "size": np.array(self.size),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "Described":
        """What `to_arrays` gave."""
        width, height = arrays["size"].tolist()
        return cls(arrays["vector"], to_features(arrays), str(arrays["thumbnail"]), (width, height))


def from_features(features: PhotographFeatures) -> dict[str, np.ndarray]:
    """Local features as arrays, for the workspace."""
    return {
        "points": features.points,
        "descriptors": features.descriptors,
        "on_animal": np.array(features.on_animal),
        "canvas": features.canvas,
        "canvas_size": np.array(features.size),
    }


def to_features(arrays: dict[str, np.ndarray]) -> PhotographFeatures:
    """What `from_features` gave."""
    return PhotographFeatures(
        arrays["points"],
        arrays["descriptors"],
        int(arrays["on_animal"]),
        arrays["canvas"],
        arrays["canvas_size"],
    )


@dataclass(frozen=True)
class Prepared:
    """What is known of a photograph before it is embedded; crop: H x W x 4."""

    digest: str
    crop: np.ndarray
    features: PhotographFeatures
    thumbnail: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Photographs:
    """Described photographs: digests, by file; described, by digest; bad, what can't be read."""

    digests: dict[Path, str]
    described: dict[str, Described]
    bad: dict[Path, str]

    def first_files(self, digests: Container[str]) -> dict[str, Path]:
        """One file of each of these contents, by digest."""
        return {d: file for file, d in reversed(self.digests.items()) if d in digests}


def describe(files: Sequence[Path], workspace: Workspace, p: Params) -> Photographs:
    """Describe photographs; those that the workspace has are read from there."""
    digests: dict[Path, str] = {}
    bad: dict[Path, str] = {}
    for file, (digest, fault) in zip(
        files, map_in_threads(hash_file, files, "reading"), strict=True
    ):
        if fault:
            bad[file] = fault
        else:
            digests[file] = digest
    first = {digest: file for file, digest in reversed(digests.items())}
    described = load_stored(list(first), workspace)
    missing = {digest: file for digest, file in first.items() if digest not in described}
    for digest, result in describe_missing(missing, workspace, p):
        if isinstance(result, str):
            bad |= dict.fromkeys([f for f, other in digests.items() if other == digest], result)
        else:
            described[digest] = result
    good = {file: digest for file, digest in digests.items() if file not in bad}
    return Photographs(good, described, bad)


def hash_file(file: Path) -> tuple[str, str]:
    """The digest of a file's content and "", or "" and why it can't be read."""
    try:
        return images.hash_bytes(images.read_bytes(file)), ""
    except UserError as error:
        return "", str(error)


def load_stored(digests: Sequence[str], workspace: Workspace) -> dict[str, Described]:
    """The photographs that are described already, by digest."""
    stored = ((digest, workspace.load(KIND, digest)) for digest in digests)
    return {digest: Described.from_arrays(arrays) for digest, arrays in stored if arrays}


def describe_missing(
    files: dict[str, Path], workspace: Workspace, p: Params
) -> Iterator[tuple[str, Described | str]]:
    """Describe and store photographs (by digest); yields each one, or why it can't be read."""
    if not files:
        return
    net = member_networks.build_frozen(p.backbones[BACKBONE], p.member_train(BACKBONE))
    net.to(device.find_device()).fold_backbone()
    detect = keypoints.load_detector(p.keypoints)
    items = list(files.items())
    batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
    progress = tqdm(total=len(items), desc="describing", unit="image", mininterval=2)
    with ThreadPoolExecutor(machine.count_cores()) as pool, progress:
        for prepared in one_ahead(pool, partial(prepare, p=p, detect=detect), batches):
            good = [one for one in prepared if isinstance(one, Prepared)]
            vectors = embed_crops(net, [one.crop for one in good], p)
            for one, vector in zip(good, vectors, strict=True):
                described = Described(vector, one.features, one.thumbnail, one.size)
                workspace.save(KIND, one.digest, described.to_arrays())
                yield one.digest, described
            yield from (one for one in prepared if not isinstance(one, Prepared))
            progress.update(len(prepared))


def one_ahead(
    pool: ThreadPoolExecutor,
    prepare_one: Callable[[tuple[str, Path]], Prepared | tuple[str, str]],
    batches: list[list[tuple[str, Path]]],
) -> Iterator[list[Prepared | tuple[str, str]]]:
    """Prepare batches in threads, one ahead of the one that is being embedded."""
    ahead: list[list[Future]] = []
    for batch in batches:
        ahead.append([pool.submit(prepare_one, item) for item in batch])
        if len(ahead) > 1:
            yield [future.result() for future in ahead.pop(0)]
    yield from ([future.result() for future in futures] for futures in ahead)


def prepare(
    item: tuple[str, Path], p: Params, detect: keypoints.Detector
) -> Prepared | tuple[str, str]:
    """Crop a photograph (digest and file) and find its local features, or say what is wrong."""
    digest, file = item
    try:
        with images.open_rgb(file) as rgb:
            height, width = rgb.shape[:2]
            photograph = Reduced(digest, str(file), width, height, 1, rgb)
            mask = grabcut.find_mask(rgb, None)
            crop, row = pack.cut_crop(Given({}, {}), p.crop, photograph, mask, "grabcut")
            matrix = np.array(row[-6:]).reshape(2, 3)
            features = keypoints.extract_pixels(rgb, matrix, crop[..., 3], p.keypoints, detect)
            thumbnail = thumbnails.encode_webp(rgb, THUMBNAIL)
    except UserError as error:
        return digest, str(error)
    return Prepared(digest, crop, features, thumbnail, (width, height))


def embed_crops(net: EmbeddingNet, crops: Sequence[np.ndarray], p: Params) -> np.ndarray:
    """Embed crops (H x W x 4 uint8), n x d unit vectors."""
    if not crops:
        return np.empty((0, 0), np.float32)
    planes = np.stack([to_planes(crop, p.train.channels) for crop in crops])
    place = next(net.parameters()).device
    batch = torch.from_numpy(planes).to(place)
    return embed.embed_batch(net.embed, batch, p.embed.flip).cpu().numpy()
