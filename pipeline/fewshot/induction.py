"""Induction network: a class vector by dynamic routing (Geng et al. 2019, arXiv:1902.10482)."""

import torch
from torch import Tensor, nn

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Support, class_membership, mask_absent_classes

ROUNDS = 3  # of routing


class Induction(Learner):
    """Encoder, induction of a class vector from its examples, relation by a neural tensor layer.

    Trained by cross-entropy among a task's classes: with the publication's squared error of every
    pair it learned nothing from Omniglot's tasks of 20 or 60 ways.
    """

    def __init__(self, encoder: Encoder, slices: int) -> None:
        super().__init__()
        self.encoder, dim = encoder, encoder.dim
        self.transform = nn.Linear(dim, dim)
        self.tensor = nn.Parameter(torch.eye(dim).repeat(slices, 1, 1) / dim**0.5)
        nn.init.normal_(self.tensor[1:].data, std=1 / dim)
        self.last = nn.Linear(slices, 1)
        nn.init.ones_(self.last.weight)

    def score(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        examples = self.transform(support.encode(self.encoder))
        classes = induce_classes(examples, class_membership(support, ways))
        # class vectors are shorter than 1; a query of the usual length would dominate the product
        encoded = nn.functional.normalize(self.encoder(queries), dim=-1)
        relations = torch.einsum("tcd,sde,tqe->tqcs", classes, self.tensor, encoded)
        scale = self.tensor.shape[-1] ** 0.5
        scores = self.last((scale * relations).relu()).squeeze(-1)
        return mask_absent_classes(scores, support, ways)


def induce_classes(examples: Tensor, membership: Tensor) -> Tensor:
    """Class vectors, t x ways x d, of examples t x n x d and their classes t x n x ways.

    Routing: an example that agrees with its class's vector gets more weight in the next round.
    """
    examples = squash(examples)
    agreement = torch.zeros_like(membership)
    for _ in range(ROUNDS):
        logits = agreement.masked_fill(membership == 0, -torch.inf)
        # the softmax of a class without examples is NaN
        coupling = torch.nan_to_num(logits.softmax(dim=1))
        classes = squash(coupling.transpose(1, 2) @ examples)
        agreement = agreement + examples @ classes.transpose(1, 2)
    return classes


def squash(vectors: Tensor) -> Tensor:
    """The same directions, lengths below 1: |v|^2 / (1 + |v|^2)."""
    length = vectors.square().sum(dim=-1, keepdim=True)
    return vectors * length / (1 + length) / (length + 1e-9).sqrt()
