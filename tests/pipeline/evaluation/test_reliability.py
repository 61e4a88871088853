"""Diagrams that a person can check, and an error against a slow sum."""

import numpy as np
import pytest

from pipeline.evaluation import reliability


def test_the_docstrings_example():
    table = reliability.diagram(
        np.array([0.1, 0.1, 0.9, 0.8]),
        np.array([0, 0, 1, 0]),
        np.ones(4),
        np.array([0, 0.5, 1.0]),
    )
    assert table["probability"].tolist() == pytest.approx([0.1, 0.85])
    assert table["frequency"].tolist() == pytest.approx([0, 0.5])
    assert table["fraction"].tolist() == [0.5, 0.5]
    assert reliability.error(table) == pytest.approx(0.5 * 0.1 + 0.5 * 0.35)


def test_both_ends_belong_to_the_scale():
    table = reliability.diagram(
        np.array([0.0, 1.0]), np.array([0, 1]), np.ones(2), reliability.TENTHS
    )
    assert table["probability"].tolist() == [0, 1]
    assert reliability.error(table) == 0


def test_weights_count_as_copies():
    rng = np.random.default_rng(0)
    chance, right = rng.random(40), rng.random(40) < 0.4
    times = rng.integers(0, 4, 40)
    weighed = reliability.diagram(chance, right, times.astype(float), reliability.PAIRS)
    copied = [np.repeat(values, times) for values in (chance, right)]
    plain = reliability.diagram(*copied, np.ones(times.sum()), reliability.PAIRS)
    assert weighed.to_numpy() == pytest.approx(plain.to_numpy())


def test_true_chances_have_hardly_an_error():
    rng = np.random.default_rng(0)
    chance = rng.random(100_000)
    right = rng.random(100_000) < chance
    table = reliability.diagram(chance, right, np.ones(100_000), reliability.TENTHS)
    assert reliability.error(table) < 0.01
    bold = reliability.diagram(np.sqrt(chance), right, np.ones(100_000), reliability.TENTHS)
    # the mean of sqrt(u) - u is 2/3 - 1/2
    assert reliability.error(bold) == pytest.approx(1 / 6, abs=0.01)


def test_an_empty_diagram_has_no_error():
    nothing = np.empty(0)
    table = reliability.diagram(nothing, nothing, nothing, reliability.TENTHS)
    assert table.empty
    assert np.isnan(reliability.error(table))
