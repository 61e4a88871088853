"""Small evidence that the ensemble's tests share."""

import numpy as np
import pandas as pd

from pipeline.data import evidence
from pipeline.data.gallery import KNOWN, LABELLED_NEW, TEST
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.ensemble.assemble import FoldEvidence, assemble_fold

NAMES = np.array([f"w{i:02d}" for i in range(10)])
HELD_OUT, TESTED, CANDIDATES = 30, 6, 5


def build_queries(fold: int, truth: np.ndarray) -> pd.DataFrame:
    """HELD_OUT held-out queries (each third is new, pairs are duplicates), TESTED of the test."""
    number = np.arange(HELD_OUT + TESTED)
    pair = number // 2
    held_out = number < HELD_OUT
    images = [f"q{fold}_{i}" if i < HELD_OUT else f"t{i}" for i in number]
    kind = np.where(held_out, np.where(truth == NEW_WHALE, LABELLED_NEW, KNOWN), TEST)
    return pd.DataFrame(
        {
            "image": images,
            "group": np.where(held_out, 1000 * fold + pair, -1),
            "kind": kind,
            "cluster": np.where(truth == NEW_WHALE, f"group {fold} " + pair.astype(str), truth),
            "truth": np.where(held_out, truth, ""),
            "fold": np.where(held_out, fold, -1),
            "part": np.where(held_out, 0, -1),
        }
    )


def build_fold(fold: int, backbones: tuple[str, ...] = ("one", "two")) -> FoldEvidence:
    """Two sources per backbone; a known query's truth is among its candidates and scores higher."""
    rng = np.random.default_rng(fold)
    count = HELD_OUT + TESTED
    chosen = rng.permuted(np.tile(NAMES, (count, 1)), axis=1)[:, :CANDIDATES]
    new = np.arange(count) // 2 % 3 == 0
    query_table = build_queries(fold, np.where(new, NEW_WHALE, chosen[:, 0]))
    query = np.repeat(query_table["image"].to_numpy(), CANDIDATES)
    right = (np.tile(np.arange(CANDIDATES), count) == 0) & ~np.repeat(new, CANDIDATES)
    tables = {}
    for backbone in backbones:
        scores = {
            source: gain * right + rng.normal(size=len(right))
            for source, gain in (("nearest", 2.0), ("vote", 1.0))
        }
        tables[backbone] = evidence.build(query, chosen.ravel(), f"{backbone}-{fold}", scores)
    sources = dict.fromkeys(tables, ["nearest", "vote"])
    return assemble_fold(fold, tables, sources, query_table)
