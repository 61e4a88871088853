"""Squared distances of the descriptors of two photographs, each with each.

Descriptors are bytes, so that whole numbers give them exactly. Most CPUs of the last years multiply
bytes several times faster than float32 (AVX-512's and AVX's VNNI), which PyTorch uses; on others,
and for little work, numpy multiplies in float32, with the same results.
"""

import functools
import sys
from collections.abc import Callable

import numpy as np

# From the k x d descriptors of one photograph and the m x d of another to their squared distances,
# k x m int32 or float32, in memory that the next call writes anew
Measure = Callable[[np.ndarray], np.ndarray]

MANY = 4e9  # distances; for fewer, loading PyTorch takes longer than it saves
MIDDLE = np.uint8(128)  # subtracted from bytes, so that their signed products are the CPU's


def load_for(count: float) -> None:
    """Load PyTorch, which takes 500 MB, if `count` distances are worth it."""
    if count >= MANY:
        import torch  # noqa: F401


def build_measure(first: np.ndarray, most: int) -> Measure:
    """Build the function that measures the distances of one photograph's descriptors to another's.

    first : k x d descriptors in bytes
    most : descriptors of any other photograph
    """
    fast = "torch" in sys.modules and multiplies_bytes()
    return in_bytes(first, most) if fast else in_floats(first, most)


def in_floats(first: np.ndarray, most: int) -> Measure:
    """As `build_measure`: one matrix product in float32 of numbers and squares together."""
    extended = extend(first, 0)
    # for all of them: memory that is new takes as long as a third of the product
    memory = np.empty(len(first) * most, np.float32)

    def measure(other: np.ndarray) -> np.ndarray:
        squares = memory[: len(first) * len(other)].reshape(len(first), len(other))
        return np.matmul(extended, extend(other, 1).T, out=squares)

    return measure


def extend(descriptors: np.ndarray, column: int) -> np.ndarray:
    """Extend k x d descriptors by two numbers, to k x (d + 2) float32.

    The product of two extended descriptors, one by `column` 0 and one by 1, is their squared
    distance. It is exact, since bytes are whole numbers.
    """
    count, size = descriptors.shape
    extended = np.ones((count, size + 2), np.float32)
    numbers = extended[:, :size]
    numbers[:] = descriptors
    extended[:, size + column] = np.einsum("kd,kd->k", numbers, numbers)
    if column:
        numbers *= -2
    return extended


def in_bytes(first: np.ndarray, most: int) -> Measure:
    """As `build_measure`: a product of bytes, to which the descriptors' squares are added."""
    import torch

    signed = to_signed(first)
    rows, own = torch.from_numpy(signed), sum_squares(signed)[:, None]
    memory = torch.empty(len(first) * most, dtype=torch.int32)

    def measure(other: np.ndarray) -> np.ndarray:
        signed = to_signed(other)
        columns = torch.from_numpy(np.ascontiguousarray(signed.T))
        products = memory[: len(first) * len(other)].view(len(first), len(other))
        torch._int_mm(rows, columns, out=products)
        squares = products.numpy()
        squares *= -2
        squares += own
        squares += sum_squares(signed)
        return squares

    return measure


def to_signed(descriptors: np.ndarray) -> np.ndarray:
    """Subtract 128 from bytes, which changes no distance."""
    return (descriptors ^ MIDDLE).view(np.int8)


def sum_squares(signed: np.ndarray) -> np.ndarray:
    """Sum the squares of each of k x d numbers, k int32."""
    numbers = signed.astype(np.int32)
    return np.einsum("kd,kd->k", numbers, numbers)


@functools.cache
def multiplies_bytes() -> bool:
    """Whether the CPU multiplies bytes fast; older ones also lose what exceeds 16 bits."""
    import torch

    return torch.cpu._is_vnni_supported()
