#!/usr/bin/env bash
# wildlife-tools 0.0.9 (the newest on PyPI), torch 2.14.1, kornia 0.9.0, faiss-cpu 1.15.1, pandas 2.3.3
#
# Expected (written down before the run): KnnClassifier(k=5) names a query by the majority of its five
#   nearest photographs, and takes one neighbour fewer if there is a tie, as its documentation says.
#   Four photographs of one animal outvote the nearest, of another.
# Behaviour: every k gives the answer of k=1. The votes are counted over the photographs, not over the
#   animals they show: the names are looked up after the vote. Each photograph has one vote, which is
#   a tie for every k, until one neighbour is left. scikit-learn's KNeighborsClassifier of the same
#   distances answers as expected.
# Who is hurt: anyone who chooses k by validation with this peer, or reports that more neighbours make
#   no difference.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# what this part of it imports, not all that it depends on; torch takes most of the time
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.14.1 kornia==0.9.0 faiss-cpu==1.15.1 \
    pandas==2.3.3 scikit-learn==1.9.1 pyyaml==6.0.4 tqdm==4.70.1
"$folder/venv/bin/pip" install --quiet --no-deps wildlife-tools==0.0.9

OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from wildlife_tools.inference import KnnClassifier

NAMES = np.array(["anna", "berta", "berta", "berta", "berta", "carla"])
similarity = np.array([[0.90, 0.89, 0.88, 0.87, 0.86, 0.10]])  # of one query with six photographs
distance = 1 - similarity


def ask_sklearn(k):
    """With the photographs' distances to the query as their positions, and the query at 0."""
    return KNeighborsClassifier(k).fit(distance.T, NAMES).predict([[0.0]])[0]


print(f"wildlife-tools {version('wildlife-tools')}: the query is")
answers = {
    k: (KnnClassifier(k=k, database_labels=NAMES)(similarity)[0], ask_sklearn(k)) for k in (1, 3, 5)
}
for k, (peer, sklearn) in answers.items():
    print(f"k={k}: {peer}, by scikit-learn {sklearn}")
described = {1: ("anna", "anna"), 3: ("anna", "berta"), 5: ("anna", "berta")}
sys.exit(0 if answers == described else 1)
PYTHON

# Output seen:
# wildlife-tools 0.0.9: the query is
# k=1: anna, by scikit-learn anna
# k=3: anna, by scikit-learn berta
# k=5: anna, by scikit-learn berta
