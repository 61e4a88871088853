"""Support sets by hand."""

import numpy as np
import torch

from pipeline.fewshot import tasks
from pipeline.fewshot.tasks import Support

# one task of three ways: two examples of way 0, one of way 1, padding, none of way 2
SUPPORT = Support(
    torch.tensor([[[1.0], [3.0], [5.0], [9.0]]]),
    torch.tensor([[0, 0, 1, 1]]),
    torch.tensor([[0.5, 0.5, 1.0, 0.0]]),
)


def test_padding_belongs_to_no_class():
    membership = tasks.class_membership(SUPPORT, 3)
    assert membership[0].tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert tasks.present_classes(SUPPORT, 3).tolist() == [[True, True, False]]


def test_class_means_by_hand():
    assert tasks.class_means(SUPPORT.inputs, SUPPORT, 3).tolist() == [[[2.0], [5.0], [0.0]]]


def test_the_encoder_never_receives_padding():
    received = []
    encoded = SUPPORT.encode(
        lambda inputs: received.append(inputs.flatten().tolist()) or inputs + 1
    )
    assert received == [[1, 3, 5]]
    assert encoded.tolist() == [[[2.0], [4.0], [6.0], [0.0]]]


def test_the_best_example_of_each_class_counts():
    scores = torch.tensor([[[0.1, 0.7, 0.4, 0.9]]])
    best = tasks.best_per_class(scores, SUPPORT, 3)
    torch.testing.assert_close(best, torch.tensor([[[0.7, 0.4, -torch.inf]]]))


def test_a_support_set_of_rows_by_hand():
    """Two ways of two shots; the second way has one photograph, which weighs as much as two."""
    vectors = torch.arange(8.0).view(4, 2)
    support = tasks.build_support(vectors, np.array([[[0, 3], [2, -1]]]))
    assert support.labels.tolist() == [[0, 0, 1, 1]]
    assert support.weights.tolist() == [[0.5, 0.5, 1.0, 0.0]]
    assert support.inputs[0, :3].tolist() == [[0, 1], [6, 7], [4, 5]]
