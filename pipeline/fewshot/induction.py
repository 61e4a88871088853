"""Induction network: a class vector by dynamic routing (Geng et al. 2019, arXiv:1902.10482)."""

import torch
from torch import Tensor, nn

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Support, membership, without_absent

ROUNDS = 3  # of routing


class Induction(Learner):
    """Encoder, induction of a class vector of its examples, relation by a neural tensor layer.

    It learns by cross-entropy among a task's classes: with the publication's squared error of every
    pair it learned nothing of Omniglot's 20 or 60 ways.
    """

    def __init__(self, encoder: Encoder, slices: int) -> None:
        super().__init__()
        self.encoder, dim = encoder, encoder.dim
        self.transform = nn.Linear(dim, dim)
        self.tensor = nn.Parameter(torch.eye(dim).repeat(slices, 1, 1) / dim**0.5)
        nn.init.normal_(self.tensor[1:].data, std=1 / dim)
        self.last = nn.Linear(slices, 1)
        nn.init.ones_(self.last.weight)

    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        examples = support.encoded(self.encoder)
        classes = induced(self.transform(examples), membership(support, ways))
        # the class vector's length is below 1; a query of the usual length would drown it
        asked = nn.functional.normalize(self.encoder(queries), dim=-1)
        relations = torch.einsum("tcd,sde,tqe->tqcs", classes, self.tensor, asked)
        scale = self.tensor.shape[-1] ** 0.5
        told = self.last((scale * relations).relu()).squeeze(-1)
        return without_absent(told, support, ways)


def induced(examples: Tensor, member: Tensor) -> Tensor:
    """Class vectors, t x ways x d, of squashed examples t x n x d and their classes t x n x ways.

    Routing: an example that agrees with its class's vector counts for more in the next round.
    """
    examples = squash(examples)
    votes = torch.zeros_like(member)
    for _ in range(ROUNDS):
        chosen = votes.masked_fill(member == 0, -torch.inf)
        # a class without examples has nothing to share out
        share = torch.nan_to_num(chosen.softmax(dim=1))
        classes = squash(share.transpose(1, 2) @ examples)
        votes = votes + examples @ classes.transpose(1, 2)
    return classes


def squash(vectors: Tensor) -> Tensor:
    """The same directions, lengths below 1: |v|^2 / (1 + |v|^2)."""
    length = vectors.square().sum(dim=-1, keepdim=True)
    return vectors * length / (1 + length) / (length + 1e-9).sqrt()
