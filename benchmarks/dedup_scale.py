"""What it costs to find duplicates at a competition's size, and how many are found.

    python -m benchmarks.dedup_scale --images 25000            # synthetic photographs, 1050 x 600
    python -m benchmarks.dedup_scale --competition data/demo/photos   # with truth/duplicates.csv

Prints seconds of wall clock and of CPU, peak memory, precision over all pairs within groups, and
recall per kind of duplicate. The synthetic photographs are all alike: sky, sea, one dark tail.
"""

import itertools
import os
import resource
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import typer

from pipeline import params
from pipeline.steps.competition import competition
from pipeline.steps.dedup import dedup

DUPLICATES = 0.03  # fraction of the images
KINDS = ["exact", "reencoded", "resized", "cropped", "mirrored"]


def draw_photograph(seed: int, width: int = 1050, height: int = 600) -> np.ndarray:
    """Draw sky, sea and a tail, H x W x 3."""
    rng = np.random.default_rng(seed)
    horizon = int(height * rng.uniform(0.25, 0.5))
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:horizon] = rng.integers(150, 230, 3)
    pixels[horizon:] = rng.integers(60, 130, 3)
    for rows, columns, weight in ((5, 9, 0.4), (height // 12, width // 40, 0.2)):  # clouds, swell
        blobs = cv2.resize(rng.integers(0, 255, (rows, columns, 3), np.uint8), (width, height))
        pixels = cv2.addWeighted(pixels, 1 - weight, blobs, weight, 0)
    centre = np.array([rng.uniform(0.4, 0.6) * width, rng.uniform(0.45, 0.65) * height])
    reach, rise = width * rng.uniform(0.2, 0.4), height * rng.uniform(0.1, 0.3)
    outline = [(-1, -1), (-0.3, -0.4), (0, -0.5), (0.3, -0.4), (1, -1), (0.3, 0.6), (-0.3, 0.6)]
    tail = centre + np.array(outline) * (reach, rise) + rng.normal(0, 15, (7, 2))
    cv2.fillPoly(pixels, [tail.astype(np.int32)], rng.integers(10, 60, 3).tolist())
    grain = rng.integers(0, 24, (height, width, 1), np.uint8)
    return cv2.add(pixels, np.repeat(grain, 3, axis=2))


def alter(kind: str, pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Alter a photograph (H x W x 3) to a duplicate of this kind."""
    height, width = pixels.shape[:2]
    if kind == "resized":
        scale = rng.uniform(0.5, 0.9)
        return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if kind == "cropped":
        left, top, right, bottom = rng.uniform(0.01, 0.05, 4) * [width, height, width, height]
        return pixels[int(top) : height - int(bottom), int(left) : width - int(right)]
    return pixels[:, ::-1] if kind == "mirrored" else pixels


def synthesise(folder: Path, count: int) -> None:
    """Write a competition of `count` images, 3 % of them duplicates, and truth/duplicates.csv."""
    duplicates = max(len(KINDS), int(DUPLICATES * count))
    names = [f"{i:06d}.jpg" for i in range(count)]

    def save(i: int) -> tuple[str, str, str]:
        rng = np.random.default_rng([1, i])
        original = i - (count - duplicates)
        kind = KINDS[i % len(KINDS)] if original >= 0 else "original"
        pixels = alter(kind, draw_photograph(original if original >= 0 else i), rng)
        quality = int(rng.integers(60, 85)) if kind not in ("original", "exact") else 90
        path = folder / ("test" if i == 0 else "train") / names[i]
        cv2.imwrite(str(path), pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return names[max(original, 0)], names[i], kind

    for sub in ("train", "test", "truth"):
        (folder / sub).mkdir(parents=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        truth = list(pool.map(save, range(count)))[count - duplicates :]
    individuals = [f"w{i % 2}" for i in range(count)]  # a competition has two at least
    identities = pd.DataFrame({"Image": names, "Id": individuals})
    identities[1:].to_csv(folder / "train.csv", index=False)
    identities[:1].to_csv(folder / "sample_submission.csv", index=False)
    table = pd.DataFrame(truth, columns=["image_a", "image_b", "kind"])
    table.to_csv(folder / "truth/duplicates.csv", index=False)


def score_groups(groups: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Precision and recall over pairs; the truth is transitive (a = b and b = c make a = c)."""
    row = {name: i for i, name in enumerate(groups["image"])}
    pairs = [(row[a], row[b]) for a, b in zip(truth["image_a"], truth["image_b"], strict=True)]
    true_group = dedup.merge_pairs(len(groups), pairs, lambda a, b: True)
    group = groups["group"].to_numpy()
    rows_by_group = groups.groupby("group").indices.values()
    claimed = [pair for rows in rows_by_group for pair in itertools.combinations(rows, 2)]
    correct = sum(true_group[a] == true_group[b] for a, b in claimed)
    hits = pd.Series([group[a] == group[b] for a, b in pairs]).groupby(truth["kind"])
    table = pd.DataFrame({"pairs": hits.size(), "recall": hits.mean()})
    table.loc["(precision)"] = [len(claimed), correct / len(claimed) if claimed else 1.0]
    return table.astype({"pairs": int})


def measure(folder: Path, p: params.Params) -> None:
    """Print the cost and, if there is a truth, the quality on a competition directory."""
    started, used = time.perf_counter(), time.process_time()
    images, *_ = competition.read_competition(folder, p.competition.columns)
    images_read, used_by_then = time.perf_counter(), time.process_time()
    groups = dedup.group_images(images, p.dedup)
    done, used_in_all = time.perf_counter(), time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(images)} images, {os.cpu_count()} cores, {p.dedup}")
    print(
        f"competition {images_read - started:.1f} s ({used_by_then - used:.1f} of CPU), "
        f"dedup {done - images_read:.1f} s ({used_in_all - used_by_then:.1f} of CPU), "
        f"peak {peak:.0f} MiB"
    )
    truth = folder / "truth/duplicates.csv"
    if truth.exists():
        print(score_groups(groups, pd.read_csv(truth, dtype=str)).round(4).to_string())


def main(images: int = 25_000, competition: Path | None = None) -> None:
    """Measure what it costs to find duplicates, and how many are found."""
    p = params.load()  # the settings of dedup, and the columns' names
    if competition:
        measure(competition, p)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "photos"
        synthesise(folder, images)
        measure(folder, p)


if __name__ == "__main__":
    typer.run(main)
