"""Squared distances of descriptors, in bytes and in float32."""

import subprocess
import sys

import numpy as np
import pytest

from pipeline.steps.match import squared_distances
from pipeline.steps.match.squared_distances import in_bytes, in_floats
from tests.conftest import ROOT


def descriptors(count: int, seed: int) -> np.ndarray:
    """Random ones; the first are all 0, and all 255."""
    drawn = np.random.default_rng(seed).integers(0, 256, (count, 128), dtype=np.uint8)
    drawn[:1], drawn[1:2] = 0, 255
    return drawn


@pytest.mark.parametrize("build", [in_bytes, in_floats])
@pytest.mark.parametrize(("count", "most"), [(1, 1), (1, 70), (33, 2), (40, 70)])
def test_squared_distances_are_exact_for_one_photograph_after_another(build, count, most):
    if build is in_bytes and not squared_distances.multiplies_bytes():
        pytest.skip("this CPU may lose what exceeds 16 bits")
    first = descriptors(count, 0)
    measure = build(first, most)
    for size in (most, 1, most // 2 + 1):
        other = descriptors(size, size)
        expected = ((first[:, None].astype(int) - other[None].astype(int)) ** 2).sum(axis=2)
        assert measure(other).tolist() == expected.tolist()
    assert measure(first[:1])[0, 0] == 0


def test_by_hand():
    first = np.array([[0, 0], [3, 4]], np.uint8)
    for build in (in_bytes, in_floats):
        assert build(first, 1)(np.array([[0, 4]], np.uint8)).tolist() == [[16], [9]]


@pytest.mark.parametrize(("bytes_are_fast", "kind"), [(True, np.int32), (False, np.float32)])
def test_bytes_are_multiplied_if_the_cpu_is_fast_at_it(monkeypatch, bytes_are_fast, kind):
    monkeypatch.setattr(squared_distances, "multiplies_bytes", lambda: bytes_are_fast)
    measure = squared_distances.build_measure(descriptors(3, 0), 5)
    assert measure(descriptors(5, 1)).dtype == kind


def test_little_work_does_not_load_torch():
    program = (
        "import sys\n"
        "import numpy as np\n"
        "from pipeline.steps.match import squared_distances\n"
        "squared_distances.load_for(squared_distances.MANY - 1)\n"
        "measure = squared_distances.build_measure(np.ones((2, 4), np.uint8), 3)\n"
        "assert measure(np.zeros((3, 4), np.uint8)).tolist() == [[4] * 3] * 2\n"
        "assert 'torch' not in sys.modules\n"
        "squared_distances.load_for(squared_distances.MANY)\n"
        "assert 'torch' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
