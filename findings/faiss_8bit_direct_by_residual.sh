#!/usr/bin/env bash
# faiss-cpu 1.15.1, numpy 2.4.6
#
# Expected (written down before the run): descriptors whose numbers are whole and between 0 and 255
#   (SIFT as OpenCV returns it) are stored without loss by the scalar quantizer QT_8bit_direct, so an
#   inverted file that searches all its cells finds the same neighbours as an exact search.
# Behaviour: true only if `by_residual=False` is given. By default an inverted file stores the
#   difference from the cell's centre, half of which is negative and does not fit into the byte;
#   nothing is said, and distances and neighbours are wrong. The factory string "IVF64,SQ8_direct"
#   builds the same. QT_8bit, which scales what it stores, works either way.
# Who is hurt: anyone who indexes SIFT in bytes to save memory. Recall falls, but not so far that it
#   would be noticed without an exact search beside it.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet faiss-cpu==1.15.1 numpy==2.4.6

OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import faiss
import numpy as np

SIZE, CELLS = 128, 64
rng = np.random.default_rng(0)
centres = rng.integers(0, 256, (50, SIZE))[rng.integers(0, 50, 20_000)]
stored = (centres + rng.normal(0, 20, centres.shape)).round().clip(0, 255).astype(np.float32)
asked = (stored[:500] + rng.normal(0, 10, (500, SIZE))).round().clip(0, 255).astype(np.float32)

exact = faiss.IndexFlatL2(SIZE)
exact.add(stored)
distances, neighbours = exact.search(asked, 1)


def build(kind, *by_residual):
    cells = faiss.IndexFlatL2(SIZE)
    return faiss.IndexIVFScalarQuantizer(cells, SIZE, CELLS, kind, faiss.METRIC_L2, *by_residual)


direct, scaled = faiss.ScalarQuantizer.QT_8bit_direct, faiss.ScalarQuantizer.QT_8bit
indexes = {
    "QT_8bit_direct": build(direct),
    '"IVF64,SQ8_direct"': faiss.index_factory(SIZE, "IVF64,SQ8_direct"),
    "QT_8bit_direct, by_residual=False": build(direct, False),
    "QT_8bit": build(scaled),
    "QT_8bit, by_residual=False": build(scaled, False),
}
print(f"Faiss {faiss.__version__}, all {CELLS} cells searched, against an exact search")
right = {}
for name, index in indexes.items():
    index.train(stored)
    index.add(stored)
    index.nprobe = CELLS
    found_distances, found = index.search(asked, 1)
    right[name] = float((found == neighbours).mean())
    factor = float(found_distances.mean() / distances.mean())
    print(f"{name:34} same neighbour {right[name]:.2f}, squared distances x {factor:.2f}")
lossy = {name for name, fraction in right.items() if fraction < 0.9}
sys.exit(0 if lossy == {"QT_8bit_direct", '"IVF64,SQ8_direct"'} else 1)
PYTHON

# Output seen:
# Faiss 1.15.1, all 64 cells searched, against an exact search
# QT_8bit_direct                     same neighbour 0.72, squared distances x 79.06
# "IVF64,SQ8_direct"                 same neighbour 0.72, squared distances x 79.06
# QT_8bit_direct, by_residual=False  same neighbour 1.00, squared distances x 1.00
# QT_8bit                            same neighbour 1.00, squared distances x 1.00
# QT_8bit, by_residual=False         same neighbour 1.00, squared distances x 1.00
