#!/usr/bin/env bash
# scikit-learn 1.9.1, numpy 2.4.6
#
# Expected (written down before the run): only the order of the scores counts in an isotonic
#   regression, so the same scores times a constant give the same fitted probabilities, in float32
#   as in float64: at most the rounding of a score may move a value a little.
# Behaviour: scores that are closer than a fixed 1e-6 in float32 (1e-15 in float64) are joined into
#   one, however small all of them are. If all scores are below 1e-6, everything is one step: each
#   photograph gets the mean, without a warning. The same numbers as float64 are fitted well.
# Who is hurt: anyone who calibrates what a network returns in float32 and whose scores are small or
#   close together: probabilities that are shared by all animals of a large catalogue, cosines of
#   near duplicates, likelihoods. Give float64, or logarithms.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6

OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import sklearn
from sklearn.isotonic import IsotonicRegression

rng = np.random.default_rng(0)
probability = rng.random(2000).astype(np.float32)  # that two photographs show the same animal
same = rng.random(2000) < probability

print(f"scikit-learn {sklearn.__version__}: fitted to scores = probability x scale")
levels, errors = {}, {}
for scale in (1, 1e-3, 1e-6, 1e-9):
    for kind in (np.float32, np.float64):
        scores = (probability * np.float32(scale)).astype(kind)
        fitted = IsotonicRegression(out_of_bounds="clip").fit(scores, same).predict(scores)
        levels[scale, kind] = len(np.unique(fitted))
        errors[scale, kind] = float(np.abs(fitted - probability).mean())
        print(
            f"scale {scale:5g} {kind.__name__} distinct values {levels[scale, kind]:3}, "
            f"mean error {errors[scale, kind]:.3f}"
        )
alone = {pair for pair, count in levels.items() if count == 1}
sound = all(error < 0.05 for pair, error in errors.items() if pair not in alone)
sys.exit(0 if alone == {(1e-6, np.float32), (1e-9, np.float32)} and sound else 1)
PYTHON

# Output seen:
# scikit-learn 1.9.1: fitted to scores = probability x scale
# scale     1 float32 distinct values  32, mean error 0.027
# scale     1 float64 distinct values  32, mean error 0.027
# scale 0.001 float32 distinct values  91, mean error 0.027
# scale 0.001 float64 distinct values  32, mean error 0.027
# scale 1e-06 float32 distinct values   1, mean error 0.252
# scale 1e-06 float64 distinct values  32, mean error 0.027
# scale 1e-09 float32 distinct values   1, mean error 0.252
# scale 1e-09 float64 distinct values  32, mean error 0.027
