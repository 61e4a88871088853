"""Writing the directory of the demo competition: photographs, tables and the truth."""

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from pipeline.demo import camera, duplicates
from pipeline.demo.encounters import tabulate
from pipeline.demo.photograph import FILES, take_photograph
from pipeline.demo.roster import Roster, build_roster
from pipeline.demo.sightings import Photo
from pipeline.system import interruptions

MASKED = BOXED = 0.35  # fractions of the training images, sampled independently
PUBLIC = 0.30  # fraction of the test images
FILE_TIME = 1_600_000_000  # of every file, so that it gives nothing away

Progress = Callable[[Iterable], Iterable]


def write_competition(  # noqa: PLR0913 - the values have the names of params.yaml
    out: Path,
    seed: int,
    train_images: int,
    test_images: int,
    workers: int | None = None,
    progress: Progress = iter,
    encounters: bool = False,
) -> None:
    """Write the competition into `out`, a new directory.

    With `encounters` photographs are taken in bursts, and photographs.csv has their dates.

    `workers` processes render (None: one per core); their number changes no byte.
    `progress` wraps the iterable of finished images, as tqdm does.
    """
    roster = build_roster(seed, train_images, test_images, encounters)
    for folder in ("train", "test", "masks", "truth/masks"):
        (out / folder).mkdir(parents=True)
    boxes = _render_all(out, seed, roster.photos, workers or os.cpu_count() or 1, progress)
    if encounters:
        header = ["photograph", "date", "place", "camera"]
        _write_csv(out / "photographs.csv", header, tabulate(roster.photos, seed))
    _write_tables(out, np.random.default_rng([seed, FILES]), roster, boxes)


def render_photograph(photo: Photo, out: Path, seed: int) -> tuple[str, int, int, int, int]:
    """Write one photograph and its true mask; return its name and box (x0, y0, x1, y1).

    For a duplicate the original is rendered again, so that photographs are independent.
    """
    cv2.setNumThreads(1)  # the processes run in parallel already
    pixels, mask = take_photograph(seed, photo.whale, photo.take, photo.encounter)
    data = camera.encode(np.random.default_rng([seed, FILES, photo.take]), pixels)
    if photo.kind not in ("", "exact"):
        rng = np.random.default_rng([seed, FILES, photo.take, 1])
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        pixels, mask = duplicates.alter(rng, photo.kind, np.asarray(decoded), mask)
        data = camera.encode(rng, pixels)
    path = out / photo.split / photo.image
    path.write_bytes(data)
    os.utime(path, (FILE_TIME, FILE_TIME))
    cv2.imwrite(str(out / "truth" / "masks" / _mask_name(photo.image)), mask)
    return photo.image, *find_box(mask)


def find_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return the tight box (x0, y0, x1, y1) around a mask (H, W); x1 and y1 are exclusive."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _mask_name(image: str) -> str:
    return f"{Path(image).stem}.png"


def _render_all(
    out: Path, seed: int, photos: list[Photo], workers: int, progress: Progress
) -> dict[str, tuple]:
    render = partial(render_photograph, out=out, seed=seed)
    if workers == 1:
        return {row[0]: row for row in progress(map(render, photos))}
    end = interruptions.end_with_parent
    with interruptions.spare_children():
        pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=end)
        rows = pool.map(render, photos, chunksize=8)
    with pool:
        return {row[0]: row for row in progress(rows)}


def _write_tables(out: Path, rng: np.random.Generator, roster: Roster, boxes: dict) -> None:
    train = [p for p in roster.photos if p.split == "train"]
    test = [p for p in roster.photos if p.split == "test"]
    duplicate_photos = sorted(p for p in roster.photos if p.kind)
    public = set(rng.permutation(len(test))[: round(PUBLIC * len(test))].tolist())
    usage = ["Public" if i in public else "Private" for i in range(len(test))]
    box = ["Image", "x0", "y0", "x1", "y1"]
    boxed = [boxes[p.image] for p in _sample(rng, train, BOXED)]
    pairs = [(p.original, p.image, p.kind, p.place) for p in duplicate_photos]

    _write_csv(out / "train.csv", ["Image", "Id"], [(p.image, p.identity) for p in train])
    _write_csv(
        out / "sample_submission.csv", ["Image", "Id"], [(p.image, "new_whale") for p in test]
    )
    rows = [(p.image, p.identity, u) for p, u in zip(test, usage, strict=True)]
    _write_csv(out / "solution.csv", ["Image", "Id", "Usage"], rows)
    _write_csv(out / "boxes.csv", box, boxed)
    _write_csv(out / "truth/boxes.csv", box, [boxes[p.image] for p in roster.photos])
    _write_csv(out / "truth/duplicates.csv", ["image_a", "image_b", "kind", "where"], pairs)
    _write_csv(
        out / "truth/identities.csv", ["identity_a", "identity_b"], [roster.duplicate_identities]
    )
    for photo in _sample(rng, train, MASKED):
        mask = out / "truth" / "masks" / _mask_name(photo.image)
        (out / "masks" / mask.name).write_bytes(mask.read_bytes())


def _sample(rng: np.random.Generator, photos: list[Photo], fraction: float) -> list[Photo]:
    return [photos[i] for i in rng.permutation(len(photos))[: round(fraction * len(photos))]]


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
