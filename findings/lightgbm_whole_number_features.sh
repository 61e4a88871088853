#!/usr/bin/env bash
# lightgbm 4.7.0, numpy 2.4.6, pandas 3.1.1
#
# Expected (written down before the run): it makes no difference whether whole numbers are given as an
#   array of int64, an array of float64 or a DataFrame of int64: the trees are the same, and those
#   trained on one predict from the others.
# Behaviour: an array of any type but float32 and float64 becomes float32, which holds whole numbers
#   up to 2**24 only; a DataFrame of int64 becomes float64. Nothing is said. Times in seconds since
#   1970 are rounded to multiples of 128, so that what happens within two minutes is lost in training;
#   and trees trained on a DataFrame predict from `frame.to_numpy()` no better than chance.
# Who is hurt: anyone whose features are times, identifiers or positions as whole numbers. Training
#   and use often differ in just this: a table here, an array there.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lightgbm==4.7.0 numpy==2.4.6 pandas==3.1.1

OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import lightgbm
import numpy as np
import pandas as pd

# photographs of one hour; two animals pass in turn, a minute each
seconds = 1_700_000_000 + np.random.default_rng(0).integers(0, 3600, 2000)
animal = seconds // 60 % 2

given = {
    "array of int64": seconds[:, None],
    "array of float64": seconds[:, None].astype(float),
    "DataFrame of int64": pd.DataFrame({"time": seconds}),
}
settings = {
    "objective": "binary",
    "num_leaves": 63,
    "min_data_in_leaf": 5,
    "max_bin": 1000,
    "min_data_in_bin": 1,
    "verbose": -1,
    "num_threads": 1,
}
print(f"LightGBM {lightgbm.__version__}: fraction of the training rows that are predicted right")
right = {}
for trained, features in given.items():
    trees = lightgbm.train(settings, lightgbm.Dataset(features, animal), 50)
    for asked, rows in given.items():
        right[trained, asked] = float(((trees.predict(rows) > 0.5) == animal).mean())
        print(f"trained on {trained:18} predicted from {asked:18} {right[trained, asked]:.2f}")
lossy = {pair for pair, fraction in right.items() if fraction < 0.7}
described = {pair for pair in right if "array of int64" in pair}
sound = all(right[pair] > 0.95 for pair in right.keys() - described)
sys.exit(0 if lossy == described and sound else 1)
PYTHON

# Output seen:
# LightGBM 4.7.0: fraction of the training rows that are predicted right
# trained on array of int64     predicted from array of int64     0.56
# trained on array of int64     predicted from array of float64   0.56
# trained on array of int64     predicted from DataFrame of int64 0.56
# trained on array of float64   predicted from array of int64     0.47
# trained on array of float64   predicted from array of float64   0.99
# trained on array of float64   predicted from DataFrame of int64 0.99
# trained on DataFrame of int64 predicted from array of int64     0.47
# trained on DataFrame of int64 predicted from array of float64   0.99
# trained on DataFrame of int64 predicted from DataFrame of int64 0.99
