"""Two processes over gloo: they learn what one process learns from the same batches."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from pipeline.params import Loss
from pipeline.system import device
from tests.conftest import ROOT
from tests.pipeline.training import shared_trainings

Results = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def results(tiny, tmp_path_factory) -> list[Results]:
    """Of one process, and of each of two."""
    folder = tmp_path_factory.mktemp("shared")
    shutil.copy(tiny.crops, folder / "crops.npy")
    command = [sys.executable, "-m", "tests.pipeline.training.shared_trainings", str(folder)]
    without_gpu = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(command, cwd=ROOT, env=without_gpu) as both,
    ):
        patch.setattr(device, "count_workers", lambda: 0)
        patch.setattr(device, "is_half_precision_faster", lambda net: False)
        try:
            alone = shared_trainings.run_cases(folder / "crops.npy")
            both.wait()
        finally:
            both.kill()
    return [alone, *(dict(np.load(folder / f"{number}.npz")) for number in (0, 1))]


def test_every_loss_is_that_of_the_whole_batch(results):
    alone, first, second = (each["losses"] for each in results)
    assert len(alone) == len(Loss.model_fields) and (alone > 0).all()
    np.testing.assert_allclose(first, alone, rtol=1e-4)
    np.testing.assert_array_equal(first, second)


def test_features_are_in_the_order_of_the_batch(results):
    alone, first, second = (each["features"] for each in results)
    assert len(alone) == 15
    np.testing.assert_allclose(first, alone, rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(first, second)


def test_the_gradient_is_that_of_the_whole_batch(results):
    """By rounding, an activation may lie on the other side of a ReLU's 0: that has made .001."""
    alone, first, second = (each["gradient"] for each in results)
    assert distance(first, alone) < 0.02 * np.linalg.norm(alone)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", shared_trainings.TRAININGS)
def test_a_training_learns_the_same(name, results):
    """Weights and batch statistics; they differ by rounding, beside the way that they have come."""
    alone, first, second = (each[f"{name} weights"] for each in results)
    way = distance(shared_trainings.first_weights(name), alone)
    assert distance(first, alone) < 0.01 * way
    np.testing.assert_array_equal(first, second)
    alone, first, second = (each[f"{name} history"] for each in results)
    np.testing.assert_allclose(first, alone, rtol=0.01, atol=0.001)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", shared_trainings.TRAININGS)
def test_an_epoch_has_the_same_batches_and_views(name, results):
    alone, first, second = (each[f"{name} budget"] for each in results)
    assert alone.tolist() == first.tolist() == second.tolist()


def test_with_stochastic_depth_both_processes_still_agree(results):
    alone, first, second = (each["random weights"] for each in results)
    np.testing.assert_array_equal(first, second)
    assert distance(first, alone) > 0


def test_the_first_process_alone_writes(results):
    assert [bool(each["writes"]) for each in results] == [True, True, False]


def distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.linalg.norm(first - second))
