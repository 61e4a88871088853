#!/usr/bin/env bash
# wildlife-datasets 1.0.9, numpy 2.4.6, pandas 3.1.1, scikit-learn 1.9.1
#
# Expected, by its documentation: resplit_by_features(df, features, idx_train), with "an array
#   of features with the same length as `df`", puts photographs that look alike (one burst) on one
#   side of the split. Rows of the identity "unknown" are left out, so that it makes no difference
#   where they stand in the table.
# Behaviour: true if they stand last, only. They are dropped from the table and not from the features,
#   which are then looked up by the places in the shorter table: behind an unknown animal every
#   photograph is judged by the features of another. Nothing is said, and the sizes of both sides are
#   right, but bursts are torn: in a shuffled table nearly as often as by the split by chance that
#   was to be improved.
# Who is hurt: anyone who wants a split without near duplicates of a table with unknown animals, whom
#   the package itself calls "unknown": one photograph of a burst is in training and another in the
#   test, and accuracy is too high. Drop these rows from both, table and features, first.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# what it imports, not all that it depends on
"$folder/venv/bin/pip" install --quiet --no-compile numpy==2.4.6 pandas==3.1.1 scikit-learn==1.9.1 \
    opencv-python-headless==5.0.0.93 pycocotools==2.0.11 matplotlib==3.11.2 datasets==5.2.0 \
    pyinaturalist==0.21.1 python-docx==1.2.0 tqdm==4.70.1
"$folder/venv/bin/pip" install --quiet --no-deps wildlife-datasets==1.0.9

OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import pandas as pd
from wildlife_datasets.splits import ClosedSetSplit

ANIMALS, BURSTS, LENGTH, UNKNOWN = 20, 4, 3, 8  # bursts of an animal, photographs of a burst
rng = np.random.default_rng(0)


def make_feature(middle=0.0, spread=1.0):
    feature = middle + spread * rng.normal(size=64)
    return feature / np.linalg.norm(feature)


rows, features = [], []
for animal in range(ANIMALS):
    for burst in range(BURSTS):
        middle = make_feature()
        for _ in range(LENGTH):
            rows.append((f"animal {animal}", f"burst {animal}.{burst}"))
            features.append(make_feature(middle, 0.002))
for number in range(UNKNOWN):
    rows.append(("unknown", f"alone {number}"))
    features.append(make_feature())
table = pd.DataFrame(rows, columns=["identity", "burst"])
features = np.array(features)
known = np.arange(len(table) - UNKNOWN)
unknown = np.arange(len(table) - UNKNOWN, len(table))


def count_torn(order):
    """Sizes of both sides and bursts that are on both, split by chance and by features."""
    df = table.iloc[order].reset_index(drop=True)
    splitter = ClosedSetSplit(0.5)
    by_chance = splitter.split(df)[0]
    by_features = splitter.resplit_by_features(df, features[order], by_chance[0])
    return [
        (len(train), len(test), len(set(df.burst[train]) & set(df.burst[test])))
        for train, test in (by_chance, by_features)
    ]


print(
    f"wildlife-datasets {version('wildlife-datasets')}: training and test photographs, and torn "
    f"ones of {ANIMALS * BURSTS} bursts"
)
orders = {
    "without unknown": known,
    "unknown last": np.r_[known, unknown],
    "unknown first": np.r_[unknown, known],
    "shuffled": rng.permutation(len(table)),
    "shuffled, without": rng.permutation(known),
}
torn = {}
for name, order in orders.items():
    by_chance, by_features = count_torn(order)
    torn[name] = (by_chance[2], by_features[2])
    print(f"{name:18} by chance {by_chance}, by features {by_features}")
sound = ("without unknown", "unknown last", "shuffled, without")
described = (
    all(torn[name][1] == 0 for name in sound)
    and torn["unknown first"][1] > 20
    and torn["shuffled"][1] > 40
)
sys.exit(0 if described and min(chance for chance, _ in torn.values()) > 40 else 1)
PYTHON

# Output seen:
# wildlife-datasets 1.0.9: training and test photographs, and torn ones of 80 bursts
# without unknown    by chance (120, 120, 60), by features (120, 120, 0)
# unknown last       by chance (120, 120, 60), by features (120, 120, 0)
# unknown first      by chance (120, 120, 60), by features (120, 120, 33)
# shuffled           by chance (120, 120, 69), by features (120, 120, 53)
# shuffled, without  by chance (120, 120, 62), by features (120, 120, 0)
