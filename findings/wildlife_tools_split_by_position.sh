#!/usr/bin/env bash
# wildlife-tools 0.0.9 (the newest on PyPI), wildlife-datasets 1.0.9, torch 2.14.1, numpy 2.4.6, pandas 3.1.1
#
# Expected, by the documentation of both: SplitWildlife "returns split given wildlife splitter", so
#   that a WildlifeDataset of the training side and one of the test side have the rows which
#   DisjointSetSplit of wildlife-datasets chose: no individual is on both sides. The splitter returns
#   the labels of rows, to be looked up by `df.loc` "(not `iloc`)".
# Behaviour: they are looked up by `iloc`, as positions. That is the same only if the table's index is
#   0, 1, 2 .. in this order. In a table that was shuffled or sorted, each side has other rows than were
#   chosen, as many as expected, and individuals are on both sides, without a word.
# Who is hurt: anyone who trains with this pair and shuffles, sorts or filters the table before: what is
#   reported for individuals never seen is measured on individuals of the training. Call
#   `reset_index(drop=True)` before the split, or look up by `loc` and give the dataset the result.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# what they import, not all that they depend on; torch takes most of the time
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.14.1 torchvision==0.29.1 timm==1.0.31 \
    numpy==2.4.6 pandas==3.1.1 scikit-learn==1.9.1 opencv-python-headless==5.0.0.93 \
    pycocotools==2.0.11 matplotlib==3.11.2 datasets==5.2.0 pyinaturalist==0.21.1 python-docx==1.2.0 \
    pyyaml==6.0.4 tqdm==4.70.1
"$folder/venv/bin/pip" install --quiet --no-deps wildlife-tools==0.0.9 wildlife-datasets==1.0.9

OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import pandas as pd
from wildlife_datasets.splits import DisjointSetSplit
from wildlife_tools.data import SplitWildlife, WildlifeDataset

ANIMALS, PHOTOGRAPHS, IN_TEST = 20, 6, 5
rng = np.random.default_rng(0)
names = np.repeat([f"animal {number}" for number in range(ANIMALS)], PHOTOGRAPHS)
table = pd.DataFrame({"identity": names, "path": [f"{i}.jpg" for i in range(len(names))]})


def split(df):
    """Names of the photographs of both sides, by wildlife-tools and by the labels themselves."""
    splitter = DisjointSetSplit(n_class_test=IN_TEST)
    by_peer = [
        WildlifeDataset(df, split=SplitWildlife(splitter, side)).labels_string
        for side in ("train", "test")
    ]
    return by_peer, [df.loc[labels, "identity"] for labels in splitter.split(df)[0]]


def count(sides):
    """Photographs and individuals of both sides, and individuals that are on both."""
    train, test = map(set, sides)
    return len(sides[0]), len(sides[1]), len(train), len(test), len(train & test)


shuffled = table.iloc[rng.permutation(len(table))]
tables = {
    "in order": table,
    "shuffled": shuffled,
    "sorted by name of file": table.sort_values("path"),
    "shuffled, new index": shuffled.reset_index(drop=True),
}
print(
    f"wildlife-tools {version('wildlife-tools')}: photographs of training and test, their "
    "individuals, individuals on both sides"
)
shared = {}
for name, df in tables.items():
    peer, labels = map(count, split(df))
    shared[name] = peer[-1]
    print(f"{name:22}  expected {labels}, seen {peer}")
    if labels[-1] or peer[:2] != labels[:2]:
        sys.exit("these are not the sides that were meant")
described = (
    shared["in order"] == shared["shuffled, new index"] == 0
    and shared["shuffled"] > 5
    and shared["sorted by name of file"] > 5
)
sys.exit(0 if described else 1)
PYTHON

# Output seen:
# wildlife-tools 0.0.9: photographs of training and test, their individuals, individuals on both sides
# in order                expected (90, 30, 15, 5, 0), seen (90, 30, 15, 5, 0)
# shuffled                expected (90, 30, 15, 5, 0), seen (90, 30, 20, 15, 15)
# sorted by name of file  expected (90, 30, 15, 5, 0), seen (90, 30, 19, 10, 9)
# shuffled, new index     expected (90, 30, 15, 5, 0), seen (90, 30, 15, 5, 0)
