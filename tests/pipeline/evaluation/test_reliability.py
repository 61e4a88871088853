"""Diagrams by hand, and the error of known distributions."""

import numpy as np
import pytest

from pipeline.evaluation import reliability


def test_the_example_of_the_docstring():
    table = reliability.build_diagram(
        np.array([0.1, 0.1, 0.9, 0.8]),
        np.array([0, 0, 1, 0]),
        np.ones(4),
        np.array([0, 0.5, 1.0]),
    )
    assert table["probability"].tolist() == pytest.approx([0.1, 0.85])
    assert table["frequency"].tolist() == pytest.approx([0, 0.5])
    assert table["fraction"].tolist() == [0.5, 0.5]
    assert reliability.calibration_error(table) == pytest.approx(0.5 * 0.1 + 0.5 * 0.35)


def test_both_ends_belong_to_the_scale():
    table = reliability.build_diagram(
        np.array([0.0, 1.0]), np.array([0, 1]), np.ones(2), reliability.TENTHS
    )
    assert table["probability"].tolist() == [0, 1]
    assert reliability.calibration_error(table) == 0


def test_weights_count_as_repetitions():
    rng = np.random.default_rng(0)
    probability, right = rng.random(40), rng.random(40) < 0.4
    times = rng.integers(0, 4, 40)
    weighted = reliability.build_diagram(probability, right, times.astype(float), reliability.PAIRS)
    repeated = [np.repeat(values, times) for values in (probability, right)]
    plain = reliability.build_diagram(*repeated, np.ones(times.sum()), reliability.PAIRS)
    assert weighted.to_numpy() == pytest.approx(plain.to_numpy())


def test_true_probabilities_have_hardly_an_error():
    rng = np.random.default_rng(0)
    probability = rng.random(100_000)
    right = rng.random(100_000) < probability
    table = reliability.build_diagram(probability, right, np.ones(100_000), reliability.TENTHS)
    assert reliability.calibration_error(table) < 0.01
    bold = reliability.build_diagram(
        np.sqrt(probability), right, np.ones(100_000), reliability.TENTHS
    )
    # the mean of sqrt(u) - u is 2/3 - 1/2
    assert reliability.calibration_error(bold) == pytest.approx(1 / 6, abs=0.01)


def test_an_empty_diagram_has_no_error():
    empty = np.empty(0)
    table = reliability.build_diagram(empty, empty, empty, reliability.TENTHS)
    assert table.empty
    assert np.isnan(reliability.calibration_error(table))
