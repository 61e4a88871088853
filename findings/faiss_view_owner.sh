#!/usr/bin/env bash
# faiss-cpu 1.15.1, numpy 2.4.6
#
# Expected (written down before the run): Faiss's Python module has MaybeOwnedVectorUInt8.create_view,
#   which lets an index look at vectors where they lie, and MmappedFileMappingOwner(path), a mapped
#   file that can own them. So a scalar quantizer can use the bytes of a file without a copy:
#   codes = create_view(owner.data(), count, owner).
# Behaviour: create_view takes no owner that Python can make. MmappedFileMappingOwner and None are
#   refused with a TypeError, although the first is the only owner that the module can construct. The
#   attribute `owner` of another vector, which is no owner at all, is accepted: the view works and
#   gives the same neighbours, but nothing keeps the memory alive; the caller has to.
# Who is hurt: anyone who searches more descriptors than fit into memory twice, and takes the mapped
#   owner for the way to do it; and who takes `owner` and lets the array go.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet faiss-cpu==1.15.1 numpy==2.4.6

OMP_NUM_THREADS=1 "$folder/venv/bin/python" - "$folder/vectors.bin" <<'PYTHON'
import sys

import faiss
import numpy as np

SIZE, COUNT = 32, 5000
stored = np.random.default_rng(0).integers(0, 256, (COUNT, SIZE), np.uint8)
stored.tofile(sys.argv[1])
asked = stored[:50].astype(np.float32)


def quantizer():
    return faiss.IndexScalarQuantizer(SIZE, faiss.ScalarQuantizer.QT_8bit_direct)


copied, viewed = quantizer(), quantizer()
copied.add(stored.astype(np.float32))
owners = {
    "MmappedFileMappingOwner(path)": faiss.MmappedFileMappingOwner(sys.argv[1]),
    "None": None,
    "the owner of an empty vector": viewed.codes.owner,
}
print(f"Faiss {faiss.__version__}: create_view(bytes, count, owner)")
accepted = {}
for name, owner in owners.items():
    pointer = owner.data() if hasattr(owner, "data") else faiss.swig_ptr(stored)
    try:
        view = faiss.MaybeOwnedVectorUInt8.create_view(pointer, stored.size, owner)
    except TypeError as error:
        accepted[name] = False
        print(f"{name:30} TypeError: {str(error).splitlines()[0][:70]}")
    else:
        accepted[name] = True
        print(f"{name:30} accepted, {view.size()} bytes, is_owned: {view.is_owned}")

viewed.codes = view
viewed.ntotal = COUNT
same = np.array_equal(viewed.search(asked, 5)[1], copied.search(asked, 5)[1])
print(f"same neighbours as with a copy: {same}")
sys.exit(list(accepted.values()) != [False, False, True] or not same)
PYTHON
