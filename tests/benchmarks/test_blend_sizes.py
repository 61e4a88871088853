"""Fits on few held-out queries: what is fitted on and what is scored, and a table of two fits."""

import numpy as np

from benchmarks import blend_sizes
from pipeline.data.gallery import KNOWN
from pipeline.steps.ensemble.assemble import stack_held_out
from tests.pipeline.steps.ensemble.synthetic import build_fold


def test_no_individual_is_fitted_on_and_asked():
    held_out = stack_held_out([build_fold(fold) for fold in range(3)])
    fitted, scored = blend_sizes.choose(held_out, 12, 4, seed=0)
    known = (held_out.queries["kind"] == KNOWN).to_numpy()
    assert (fitted & known).sum() == 12 and (fitted & ~known).sum() == 4
    clusters = held_out.queries["cluster"]
    assert not set(clusters[fitted & known]) & set(clusters[scored & known])
    assert not (fitted & scored).any() and clusters[scored & known].nunique() == 5


def test_a_row_has_the_means_of_two_fits_and_the_gain_of_the_second():
    held_out = stack_held_out([build_fold(0)])
    fits = (lambda *_: 0.5, lambda fitted, scored: len(fitted.queries) / 10)
    table = blend_sizes.compare(held_out, [(4, 2), (6, 2)], fits, 2)
    rows = [np.array(line.split(), float).tolist() for line in table.splitlines()[1:]]
    assert rows == [[4, 2, 0.5, 0.6, 0.1, 0], [6, 2, 0.5, 0.8, 0.3, 0]]
