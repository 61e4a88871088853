import torch

from pipeline.fewshot.induction import ROUNDS, induce_classes, squash


def test_squash_by_hand():
    # length 2: 4 / 5 of the direction; length 0 stays
    squashed = squash(torch.tensor([[2.0, 0.0], [0.0, 0.0]]))
    torch.testing.assert_close(squashed, torch.tensor([[0.8, 0.0], [0.0, 0.0]]))


def test_routing_equals_the_loop_of_the_publication():
    generator = torch.Generator().manual_seed(0)
    examples = torch.randn(1, 5, 3, generator=generator)
    membership = torch.tensor([[[1.0, 0], [1, 0], [1, 0], [0, 1], [0, 1]]])
    classes = induce_classes(examples, membership)[0]
    for way, rows in enumerate(([0, 1, 2], [3, 4])):
        vectors = squash(examples[0, rows])
        agreement = torch.zeros(len(rows))
        for _ in range(ROUNDS):
            pairs = zip(agreement.softmax(0), vectors, strict=True)
            centre = squash(sum(weight * vector for weight, vector in pairs))
            agreement = agreement + vectors @ centre
        torch.testing.assert_close(classes[way], centre)


def test_an_outlier_weighs_less_than_in_the_mean():
    examples = torch.tensor([[[3.0, 0.0], [3.0, 0.3], [-3.0, 0.0]]])
    centre = induce_classes(examples, torch.ones(1, 3, 1))[0, 0]
    mean = squash(squash(examples[0]).mean(dim=0))
    assert centre[0] > mean[0] > 0
