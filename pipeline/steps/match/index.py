"""The index of the gallery's local features: approximate search, re-ranked by exact distances.

An inverted file of product-quantized descriptors, whose codes are compared in registers (Andre,
Kermarrec and Le Scouarnec 2017, "Accelerated nearest neighbor search with Quick ADC"; Faiss's fast
scan), finds a few times more neighbours than needed; their exact distances decide. On a GPU the
inverted file has the descriptors themselves.
"""

import faiss
import numpy as np

from pipeline.params import Match

KIND = "fast scan, 3"  # to be changed with `build_index`: identify keeps an index of the same kind
LEVELS = 255.0  # the length of a stored descriptor
NUMBERS_PER_CODE = 4  # numbers of a descriptor that share a code of four bits
CANDIDATES = 3  # times the neighbours asked for: how many get exact distances
MIN_CODED = 1000  # descriptors; fewer do not train the codes, and are searched one by one
TRAINED_PER_CELL = 64  # descriptors
ADDED_AT_ONCE = 65_536  # descriptors; as float32 they take four times their memory


def build_index(descriptors: np.ndarray, params: Match) -> faiss.Index:
    """Build the index of the gallery's g x d uint8 descriptors.

    It has about the square root of g cells, of which `params.probes` are searched. It may be empty:
    photographs are enrolled later. Built by one thread, it does not depend on their number.
    """
    count, size = descriptors.shape
    exact = faiss.IndexScalarQuantizer(size, faiss.ScalarQuantizer.QT_8bit_direct)
    if count < MIN_CODED:
        return fill(exact, descriptors)
    cells = count_cells(count)
    codes = size // NUMBERS_PER_CODE
    inverted = faiss.IndexIVFPQFastScan(faiss.IndexFlatL2(size), size, cells, codes, 4)
    inverted.by_residual = False  # one table of distances serves all cells
    inverted.implem = 12  # several at once, each answered as it would be alone
    index = faiss.IndexRefine(configure(inverted, params), exact)
    index.k_factor = CANDIDATES
    return fill(index, descriptors)


def build_gpu_index(descriptors: np.ndarray, params: Match) -> faiss.Index:
    """As `build_index`, on all GPUs, where no codes are needed; one byte per number."""
    count, size = descriptors.shape
    storage = faiss.ScalarQuantizer.QT_8bit_direct
    # stored as they are: a difference from the cell's centre would not fit into a byte
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatL2(size), size, count_cells(count), storage, faiss.METRIC_L2, False
    )
    return faiss.index_cpu_to_all_gpus(fill(configure(index, params), descriptors))


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


def fill(index: faiss.Index, descriptors: np.ndarray) -> faiss.Index:
    """Train an index on some of the g x d descriptors and add all. Returns it."""
    if not index.is_trained:
        index.train(sample(descriptors).astype(np.float32))
    for start in range(0, len(descriptors), ADDED_AT_ONCE):
        index.add(descriptors[start : start + ADDED_AT_ONCE].astype(np.float32))
    return index


def sample(descriptors: np.ndarray) -> np.ndarray:
    """Every n-th of the descriptors, enough to train on."""
    enough = TRAINED_PER_CELL * count_cells(len(descriptors))
    return descriptors[:: max(1, len(descriptors) // enough)]


def search(
    descriptors: np.ndarray, index: faiss.Index, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Distances and rows (k x `count`) of the nearest neighbours of k features; row -1 for none.

    Fewer than `count` if the index holds fewer.
    """
    count = min(count, max(index.ntotal, 1))
    squares, rows = index.search(descriptors.astype(np.float32), count)
    return np.sqrt(np.maximum(squares, 0)) / LEVELS, rows
