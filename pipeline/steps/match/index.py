"""The index of the gallery's local features: approximate search, re-ranked by exact distances.

An inverted file of product-quantized descriptors, whose codes are compared in registers (Andre,
Kermarrec and Le Scouarnec 2017, "Accelerated nearest neighbor search with Quick ADC"; Faiss's fast
scan), finds a few times more neighbours than needed; their exact distances decide. Those are taken
from the photographs' own descriptors, of which the index has no copy. On a GPU the inverted file
has the descriptors themselves.
"""

from typing import Any

import faiss
import numpy as np

from pipeline.params import Match
from pipeline.system import machine

KIND = "fast scan, 4"  # to be changed with `build_index`: identify keeps an index of the same kind
LEVELS = 255.0  # the length of a stored descriptor
NUMBERS_PER_CODE = 4  # numbers of a descriptor that share a code of four bits
CANDIDATES = 3  # times the neighbours asked for: how many get exact distances
MIN_CODED = 1000  # descriptors; fewer do not train the codes, and are searched one by one
TRAINED_PER_CELL = 64  # descriptors
ADDED_AT_ONCE = 65_536  # descriptors; as float32 they take four times their memory


def build_index(descriptors: np.ndarray, rows: np.ndarray, params: Match) -> faiss.Index:
    """Build the index of some (`rows`, g) of k x d uint8 descriptors; it finds their rows.

    It has about the square root of g cells, of which `params.probes` are searched. It may be empty:
    photographs are enrolled later. Trained by one thread, it does not depend on their number.
    """
    return refine(build_codes(descriptors, rows, params), descriptors)


def build_codes(descriptors: np.ndarray, rows: np.ndarray, params: Match) -> faiss.Index:
    """The part of `build_index` that takes long and can be stored: 24 bytes per descriptor of 128.

    Few descriptors are not coded but copied.
    """
    size = descriptors.shape[1]
    if len(rows) < MIN_CODED:
        exact = faiss.IndexScalarQuantizer(size, faiss.ScalarQuantizer.QT_8bit_direct)
        return add(faiss.IndexIDMap(exact), descriptors, rows)
    codes = size // NUMBERS_PER_CODE
    cells = count_cells(len(rows))
    inverted = faiss.IndexIVFPQFastScan(faiss.IndexFlatL2(size), size, cells, codes, 4)
    inverted.by_residual = False  # one table of distances serves all cells
    inverted.implem = 12  # several at once, each answered as it would be alone
    return fill(configure(inverted, params), descriptors, rows)


def refine(codes: faiss.Index, descriptors: np.ndarray) -> faiss.Index:
    """Let the descriptors (k x d uint8) decide between what `build_codes` finds.

    They are looked at where they are, and must not change.
    """
    if isinstance(codes, faiss.IndexIDMap):
        return codes
    descriptors = np.ascontiguousarray(descriptors)
    # Any: the types that Faiss declares lack views and what only some indices have
    exact: Any = faiss.IndexScalarQuantizer(codes.d, faiss.ScalarQuantizer.QT_8bit_direct)
    filled, codes.ntotal = codes.ntotal, 0  # Faiss wants two indices of equal size
    index: Any = faiss.IndexRefine(codes, exact)
    codes.ntotal = filled
    views: Any = faiss.MaybeOwnedVectorUInt8
    pointer, no_owner = faiss.swig_ptr(descriptors), exact.codes.owner
    exact.codes = views.create_view(pointer, descriptors.size, no_owner)
    exact.ntotal = index.ntotal = len(descriptors)
    index.k_factor = CANDIDATES
    index.referenced_objects = [codes, exact, descriptors]
    return index


def extend(index: faiss.Index, descriptors: np.ndarray, rows: np.ndarray) -> faiss.Index:
    """Add more rows of the descriptors to the index that `build_index` built of them.

    Returns the index.
    """
    refined: Any = index
    coded = isinstance(index, faiss.IndexRefine)
    add(faiss.downcast_index(refined.base_index) if coded else index, descriptors, rows)
    return index


def build_gpu_index(descriptors: np.ndarray, rows: np.ndarray, params: Match) -> faiss.Index:
    """As `build_index`, on all GPUs, where no codes are needed; one byte per number."""
    size = descriptors.shape[1]
    storage = faiss.ScalarQuantizer.QT_8bit_direct
    # stored as they are: a difference from the cell's centre would not fit into a byte
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatL2(size), size, count_cells(len(rows)), storage, faiss.METRIC_L2, False
    )
    return faiss.index_cpu_to_all_gpus(fill(configure(index, params), descriptors, rows))


def count_cells(count: int) -> int:
    """The number of cells of an inverted file of `count` descriptors; 39 or more train a cell."""
    return max(1, min(int(np.sqrt(count)), count // 39))


def configure(inverted: faiss.IndexIVF, params: Match) -> faiss.IndexIVF:
    """Set how an inverted file is trained and searched. Returns it."""
    inverted.cp.seed = params.seed
    inverted.cp.max_points_per_centroid = TRAINED_PER_CELL
    inverted.cp.min_points_per_centroid = 1  # below it, Faiss warns
    # so that distances are exact: among many queries, Faiss computes them in another order
    inverted.cp.int_centroids = True
    inverted.nprobe = min(params.probes, inverted.nlist)
    return inverted


def fill(index: faiss.Index, descriptors: np.ndarray, rows: np.ndarray) -> faiss.Index:
    """Train an index on some of the descriptors' rows and add all of these. Returns it."""
    if not index.is_trained:
        index.train(descriptors[sample(rows)].astype(np.float32))
    return add(index, descriptors, rows)


def add(index: faiss.Index, descriptors: np.ndarray, rows: np.ndarray) -> faiss.Index:
    """Add rows of the descriptors (k x d) by their numbers. Returns the index.

    By all threads: each descriptor's cell and code are its own, so that their number changes none.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(machine.count_cores())
    try:
        for start in range(0, len(rows), ADDED_AT_ONCE):
            block = rows[start : start + ADDED_AT_ONCE]
            index.add_with_ids(descriptors[block].astype(np.float32), block.astype(np.int64))
    finally:
        faiss.omp_set_num_threads(before)
    return index


def sample(rows: np.ndarray) -> np.ndarray:
    """Every n-th of the rows, enough to train on."""
    enough = TRAINED_PER_CELL * count_cells(len(rows))
    return rows[:: max(1, len(rows) // enough)]


def search(
    descriptors: np.ndarray, index: faiss.Index, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Distances and rows (k x `count`) of the nearest neighbours of k features; row -1 for none.

    Fewer than `count` if the index holds fewer.
    """
    count = min(count, max(index.ntotal, 1))
    squares, rows = index.search(descriptors.astype(np.float32), count)
    return np.sqrt(np.maximum(squares, 0)) / LEVELS, rows
