"""The relation network compares maps, not single numbers, if the inputs are images."""

import numpy as np
import pytest
import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.relation import Relation
from tests.pipeline.fewshot.synthetic import WAYS, sample_episodes


def test_maps_of_7_x_7_are_compared_and_pooled_twice():
    """28 x 28 pooled twice is 7 x 7; 7 -> 3 -> 1 in the comparison (Sung et al., figure 2)."""
    encoder = encoders.conv4((1, 28, 28), 8, pooled=2)
    assert encoder.map_size == (7, 7)
    learner = Relation(encoder, 5)
    convolutions = [module for module in learner.modules() if isinstance(module, torch.nn.Conv2d)]
    comparing = [module for module in convolutions if module not in encoder.modules()]
    assert [(m.in_channels, m.kernel_size) for m in comparing] == [(16, (3, 3)), (8, (3, 3))]
    linear = [module for module in learner.compare if isinstance(module, torch.nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linear] == [(8, 5), (5, 1)]


def test_a_pair_is_convolved_like_stacked_maps():
    """Each query with each class, one pair at a time, as in the publication."""
    torch.manual_seed(0)
    learner = Relation(encoders.conv4((1, 16, 16), 4, pooled=1), 4).eval()
    support, queries, *_ = sample_episodes((1, 16, 16))
    with torch.no_grad():
        scores = learner.score(support, queries, WAYS)
        maps, query_maps = support.encode(learner.encoder.maps), learner.encoder.maps(queries)
        for (task, query, way), score in np.ndenumerate(scores.numpy()):
            mean = maps[task, support.labels[task] == way].mean(dim=0)
            pair = torch.cat([mean, query_maps[task, query]])[None]
            assert learner.compare(learner.first(pair)).item() == pytest.approx(score, abs=1e-5)


def test_scores_depend_on_where_a_stroke_lies():
    """Mirrored queries have the same average map: a comparison of means could not differ."""
    torch.manual_seed(0)
    learner = Relation(encoders.conv4((1, 16, 16), 4, pooled=1), 4).eval()
    episodes = sample_episodes((1, 16, 16))
    mirrored = episodes.queries.flip(-1)
    with torch.no_grad():
        first, second = (
            learner.score(episodes.support, queries, WAYS)
            for queries in (episodes.queries, mirrored)
        )
    assert not torch.allclose(first, second, atol=1e-4)
