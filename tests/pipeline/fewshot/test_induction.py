import torch

from pipeline.fewshot.induction import ROUNDS, induced, squash


def test_squash_by_hand():
    # length 2: 4 / 5 of the direction; length 0 stays
    told = squash(torch.tensor([[2.0, 0.0], [0.0, 0.0]]))
    torch.testing.assert_close(told, torch.tensor([[0.8, 0.0], [0.0, 0.0]]))


def test_routing_is_the_loop_of_the_publication():
    generator = torch.Generator().manual_seed(0)
    examples = torch.randn(1, 5, 3, generator=generator)
    member = torch.tensor([[[1.0, 0], [1, 0], [1, 0], [0, 1], [0, 1]]])
    told = induced(examples, member)[0]
    for way, rows in enumerate(([0, 1, 2], [3, 4])):
        own = squash(examples[0, rows])
        votes = torch.zeros(len(rows))
        for _ in range(ROUNDS):
            centre = squash(sum(w * one for w, one in zip(votes.softmax(0), own, strict=True)))
            votes = votes + own @ centre
        torch.testing.assert_close(told[way], centre)


def test_an_outlier_counts_for_less():
    examples = torch.tensor([[[3.0, 0.0], [3.0, 0.3], [-3.0, 0.0]]])
    centre = induced(examples, torch.ones(1, 3, 1))[0, 0]
    mean = squash(squash(examples[0]).mean(dim=0))
    assert centre[0] > mean[0] > 0
