"""Reading and writing by hand."""

import math

import pytest
import torch

from pipeline.fewshot.external_memory import read, write


def test_write_by_hand():
    # one sequence, one head, three slots of two numbers; slot 1 is the least used
    memory = torch.tensor([[[1.0, 0.0], [5.0, 5.0], [0.0, 1.0]]])
    last_read = torch.tensor([[[0.5, 0.0, 0.5]]])
    usage = torch.tensor([[0.9, 0.1, 0.4]])
    keys, gate = torch.tensor([[[2.0, 4.0]]]), torch.tensor([[0.25]])
    after, written = write(memory, last_read, usage, keys, gate)
    assert written[0, 0].tolist() == [0.125, 0.75, 0.125]
    # slot 1 is erased first: 0.75 x the key; the others gain an eighth of it
    assert after[0].tolist() == [[1.25, 0.5], [1.5, 3.0], [0.25, 1.5]]


def test_read_by_hand():
    memory = torch.tensor([[[3.0, 0.0], [0.0, 2.0]]])
    weights, vectors = read(memory, torch.tensor([[[5.0, 0.0]]]))
    # ten times the cosines 1 and 0
    first = math.exp(10) / (math.exp(10) + 1)
    assert weights[0, 0].tolist() == pytest.approx([first, 1 - first])
    assert vectors[0, 0].tolist() == pytest.approx([3 * first, 2 * (1 - first)])


def test_two_heads_write_to_two_slots():
    memory, last_read = torch.ones(1, 3, 2), torch.zeros(1, 2, 3)
    usage = torch.tensor([[0.5, 0.2, 0.3]])
    keys = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    _, written = write(memory, last_read, usage, keys, torch.zeros(1, 2))
    assert written[0].argmax(dim=1).tolist() == [1, 2]
