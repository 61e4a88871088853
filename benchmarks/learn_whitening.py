"""Learn the map of descriptors that `keypoints.whiten` applies, and write it into the source.

    python -m benchmarks.learn_whitening RUN [--output FILE] [--seed 0]

RUN is a project in which the stages up to `folds` have run; nothing in it is changed. The map that
is shipped was learned from the demo (`make`; its settings of `keypoints`). Pairs of labelled
photographs of one individual are matched, and the differences of the matched descriptors that fit
one transform are whitened.
"""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import typer

from pipeline import params, paths
from pipeline.data import artefacts
from pipeline.data.features import Features
from pipeline.data.tables import NEW_WHALE, is_pseudo
from pipeline.params import Match
from pipeline.steps.keypoints import keypoints, whitening
from pipeline.steps.match.by_number import number_photographs
from pipeline.steps.match.pairs import PointMatcher, load_point_matcher, match_photographs
from pipeline.system import machine

PARTNERS = 5  # photographs that one is paired with at most, so that large individuals do not decide
MIN_INLIERS = 8  # of a pair: fewer also fit one transform by chance
MATCHES_PER_PAIR = 30  # at most: photographs of a burst match everywhere, and hardly differ
DESCRIPTORS = 100_000  # of which mean and length are measured


def main(run: Path, output: Path = whitening.FILE, seed: int = 0) -> None:
    """Learn the map from a run's labelled photographs, and write it."""
    output = output.resolve()
    with contextlib.chdir(run):
        p, images = params.load(), artefacts.load_images()
        settings = p.keypoints.model_copy(update={"whiten": False, "detector": "sift"})
        features = keypoints.extract(images, artefacts.load_boxes(), paths.CROPS, settings)
        pairs = draw_pairs(artefacts.load_folds(), seed)
        differences = collect_differences(features, pairs, p.match)
    print(f"{len(differences)} matches of {len(pairs)} pairs of photographs")
    step = max(1, len(features.descriptors) // DESCRIPTORS)
    found = whitening.learn_map(differences, features.descriptors[::step])
    whitening.save_map(found, output)


def draw_pairs(folds: pd.DataFrame, seed: int) -> list[tuple[str, str]]:
    """Pairs of labelled photographs of one individual, no two duplicates."""
    named = folds[(folds["identity"] != NEW_WHALE) & ~is_pseudo(folds)]
    photographs = named.sort_values("image").drop_duplicates("group")
    shuffled = photographs.sample(frac=1, random_state=seed)
    own = shuffled.groupby("identity", sort=False)["image"]
    # each with the next ones of its individual, in random order
    pairs = pd.DataFrame({step: own.shift(-step) for step in range(1, PARTNERS + 1)})
    pairs = pairs.assign(image=shuffled["image"])
    melted = pairs.melt("image", value_name="other").dropna()
    return list(zip(melted["image"], melted["other"], strict=True))


def collect_differences(
    features: Features, pairs: list[tuple[str, str]], params: Match
) -> np.ndarray:
    """The differences of all pairs' matched descriptors, n x d."""
    number, match = number_photographs(features), load_point_matcher("sift", params)

    def subtract(pair: tuple[str, str]) -> np.ndarray:
        return subtract_matched(features, (number[pair[0]], number[pair[1]]), match, params)

    with ThreadPoolExecutor(machine.count_cores()) as pool:
        empty = np.empty((0, features.descriptors.shape[1]), np.float32)
        return np.concatenate([empty, *pool.map(subtract, pairs)])


def subtract_matched(
    features: Features, pair: tuple[int, int], match: PointMatcher, params: Match
) -> np.ndarray:
    """The differences of two photographs' matched descriptors, n x d; none of a weak match."""
    (found,) = match_photographs(features, pair[0], [pair[1]], match, params)
    if found.inliers < MIN_INLIERS:
        return np.empty((0, features.descriptors.shape[1]), np.float32)
    # spread over the photograph's points: the detector's strongest come first
    chosen = np.linspace(0, found.inliers, MATCHES_PER_PAIR, endpoint=False, dtype=int)
    rows = found.rows[found.inlier][np.unique(chosen)]
    one, other = (
        features.descriptors[features.rows(image)][rows[:, side]].astype(np.float32)
        for side, image in enumerate(pair)
    )
    return one - other


if __name__ == "__main__":
    typer.run(main)
