"""Other starts of ArcFace: mean embeddings as class weights, a margin that grows."""

import numpy as np
import pytest
import torch

from benchmarks import arcface_starts
from pipeline.losses.margins import INITIAL_STD
from pipeline.training.session import start_session
from tests.pipeline.models.tiny_network import net


def test_means_are_seen_from_the_mean_of_all_vectors():
    vectors = torch.tensor([[10.0, 1.0], [10.0, 3.0], [14.0, 2.0], [10.0, 2.0]])
    means = arcface_starts.average_per_label(vectors, np.array([0, 0, 1, -1]), 2)
    np.testing.assert_allclose(means, [[-1, 0], [1, 0]], atol=1e-6)


@pytest.mark.parametrize("done, factor", [(0.0, 0), (0.1, 0), (0.3, 0.5), (0.5, 1), (0.9, 1)])
def test_a_margin_is_none_then_grows_then_stays(done, factor):
    assert arcface_starts.margin_factor(done) == pytest.approx(factor)


@pytest.mark.usefixtures("in_process")
def test_class_weights_start_at_the_means_and_as_long_as_random_ones(training_set, settings_with):
    settings = settings_with()
    session = start_session(net(settings), training_set, settings, 0)
    before = session.learner.loss.arcface.weight.clone()
    arcface_starts.start_from_means(session)
    weight = session.learner.loss.arcface.weight
    assert not torch.equal(weight, before)
    expected = torch.full((weight.shape[1],), INITIAL_STD * weight.shape[0] ** 0.5)
    torch.testing.assert_close(weight.norm(dim=0), expected)


@pytest.mark.usefixtures("in_process")
def test_margins_grow_with_the_steps_to_their_full_size(training_set, settings_with):
    settings = settings_with()
    session = start_session(net(settings), training_set, settings, 0)
    arcface, full = session.learner.loss.arcface, session.learner.loss.arcface.margins.clone()
    arcface_starts.grow_margin(session)
    crops, labels = next(iter(session.loader))
    seen = []
    for _ in range(session.settings.epochs * len(session.batches)):
        session.learner(crops, labels)
        seen.append(float(arcface.margins[0]))
    assert seen[0] == 0 and seen == sorted(seen) and len(set(seen)) > 2
    assert seen[-1] == pytest.approx(float(full[0]))
