"""The relation network compares maps, not numbers, where there are pictures."""

import numpy as np
import pytest
import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.relation import Relation
from tests.pipeline.fewshot.learners import WAYS, episodes


def test_maps_of_7_x_7_are_compared_and_pooled_twice():
    """28 x 28 pooled twice is 7 x 7; 7 -> 3 -> 1 while it is compared (Sung et al., figure 2)."""
    encoder = encoders.conv4((1, 28, 28), 8, pooled=2)
    assert encoder.side == (7, 7)
    learner = Relation(encoder, 5)
    convolutions = [one for one in learner.modules() if isinstance(one, torch.nn.Conv2d)]
    compared = [one for one in convolutions if one not in encoder.modules()]
    assert [(one.in_channels, one.kernel_size) for one in compared] == [(16, (3, 3)), (8, (3, 3))]
    linear = [one for one in learner.compare if isinstance(one, torch.nn.Linear)]
    assert [(one.in_features, one.out_features) for one in linear] == [(8, 5), (5, 1)]


def test_a_pair_is_convolved_as_one_map_over_the_other():
    """Each query against each class, one after another, as the publication draws it."""
    torch.manual_seed(0)
    learner = Relation(encoders.conv4((1, 16, 16), 4, pooled=1), 4).eval()
    support, queries, *_ = episodes((1, 16, 16))
    with torch.no_grad():
        found = learner.scores(support, queries, WAYS)
        maps, asked = support.encoded(learner.encoder.maps), learner.encoder.maps(queries)
        for (task, query, way), score in np.ndenumerate(found.numpy()):
            own = maps[task, support.labels[task] == way].mean(dim=0)
            pair = torch.cat([own, asked[task, query]])[None]
            assert learner.compare(learner.both(pair)).item() == pytest.approx(score, abs=1e-5)


def test_where_a_stroke_lies_is_seen():
    """Two queries of the same average map: a comparison of means could not tell them apart."""
    torch.manual_seed(0)
    learner = Relation(encoders.conv4((1, 16, 16), 4, pooled=1), 4).eval()
    given = episodes((1, 16, 16))
    turned = given._replace(queries=given.queries.flip(-1))
    with torch.no_grad():
        first, second = (learner.scores(one.support, one.queries, WAYS) for one in (given, turned))
    assert not torch.allclose(first, second, atol=1e-4)
