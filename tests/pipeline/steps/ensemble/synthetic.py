"""Small evidence that the ensemble's tests share."""

import numpy as np
import pandas as pd

from pipeline.data import evidence
from pipeline.data.gallery import KNOWN, LABELLED_NEW, TEST
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.ensemble.assemble import FoldEvidence, fold_evidence

NAMES = np.array([f"w{i:02d}" for i in range(10)])
HELD, TESTED, CANDIDATES = 30, 6, 5


def queries(fold: int, truth: np.ndarray) -> pd.DataFrame:
    """HELD held-out queries (each third is new, pairs are copies) and TESTED of the test."""
    number = np.arange(HELD + TESTED)
    held = number < HELD
    images = [f"q{fold}_{i}" if i < HELD else f"t{i}" for i in number]
    kind = np.where(held, np.where(truth == NEW_WHALE, LABELLED_NEW, KNOWN), TEST)
    return pd.DataFrame(
        {
            "image": images,
            "group": np.where(held, 1000 * fold + number // 2, -1),
            "kind": kind,
            "truth": np.where(held, truth, ""),
            "fold": np.where(held, fold, -1),
        }
    )


def gallery() -> pd.DataFrame:
    """Identity number i has i % 3 + 1 photographs."""
    identity = np.repeat(NAMES, np.arange(10) % 3 + 1)
    return pd.DataFrame({"image": [f"g{i}" for i in range(len(identity))], "identity": identity})


def fold_of(fold: int, backbones: tuple[str, ...] = ("one", "two")) -> FoldEvidence:
    """Two sources a backbone; a known query's truth is among its candidates and scores higher."""
    rng = np.random.default_rng(fold)
    count = HELD + TESTED
    chosen = rng.permuted(np.tile(NAMES, (count, 1)), axis=1)[:, :CANDIDATES]
    new = np.arange(count) // 2 % 3 == 0
    asked = queries(fold, np.where(new, NEW_WHALE, chosen[:, 0]))
    query = np.repeat(asked["image"].to_numpy(), CANDIDATES)
    right = (np.tile(np.arange(CANDIDATES), count) == 0) & ~np.repeat(new, CANDIDATES)
    tables = {}
    for backbone in backbones:
        scores = {
            source: gain * right + rng.normal(size=len(right))
            for source, gain in (("nearest", 2.0), ("vote", 1.0))
        }
        tables[backbone] = evidence.build(query, chosen.ravel(), f"{backbone}-{fold}", scores)
    sources = dict.fromkeys(tables, ["nearest", "vote"])
    return fold_evidence(fold, tables, sources, asked, gallery())
