"""Matching network: attention over the examples (Vinyals et al. 2016, arXiv:1606.04080)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Support, membership, without_absent

STEPS = 4  # of the query's reading of the examples
SHARPNESS = 10.0  # of the attention at the start; it is learned


class Matching(Learner):
    """Scores are the log of the attention that falls on each class's examples.

    An example has its weight's share of the attention: a class of five is no likelier for that than
    a class of one. The publication's classes have equally many.
    full: full context embeddings. A bi-LSTM reads the examples, so that each is seen in the light
    of the others, and an LSTM with attention reads them for the query.
    scale: of the products by which that one attends, 1 as published; smaller for long vectors.
    """

    def __init__(self, encoder: Encoder, full: bool, scale: float = 1.0) -> None:
        super().__init__()
        self.encoder, self.scale, dim = encoder, scale, encoder.dim
        self.sharpness = nn.Parameter(torch.tensor(SHARPNESS).log())
        self.over_examples = (
            nn.LSTM(dim, dim, batch_first=True, bidirectional=True) if full else None
        )
        self.over_query = nn.LSTMCell(dim, dim) if full else None

    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        examples, asked = support.encoded(self.encoder), self.encoder(queries)
        # minus infinity for padding
        share = support.weights.log()[:, None]
        if self.over_examples is not None:
            examples = in_context(self.over_examples, examples, support.weights)
            asked = reading(self.over_query, asked, examples, share, self.scale)
        cosines = F.normalize(asked, dim=-1) @ F.normalize(examples, dim=-1).transpose(1, 2)
        # after the product: 0 x infinity is no gradient
        sharp = cosines * self.sharpness.exp() + share
        member = membership(support, ways)[:, None] > 0
        # logarithms throughout: a probability that underflows to 0 has no gradient to mend it
        each = sharp.log_softmax(dim=-1)[..., None].masked_fill(~member, -torch.inf)
        return without_absent(each.logsumexp(dim=2), support, ways)


def in_context(network: nn.LSTM, examples: Tensor, weights: Tensor) -> Tensor:
    """Each example and what both directions of the LSTM say of it, t x n x d (appendix A.2).

    Padding is left out of the sequence: it must come last in a task's examples, or it is moved.
    """
    order = (weights == 0).int().argsort(dim=1, stable=True)
    place = order[..., None].expand_as(examples)
    lengths = (weights > 0).sum(dim=1).clamp(min=1).cpu()
    packed = nn.utils.rnn.pack_padded_sequence(
        examples.gather(1, place), lengths, batch_first=True, enforce_sorted=False
    )
    read, _ = nn.utils.rnn.pad_packed_sequence(
        network(packed)[0], batch_first=True, total_length=examples.shape[1]
    )
    forth, back = read.chunk(2, dim=-1)
    return examples + torch.zeros_like(examples).scatter(1, place, forth + back)


def reading(
    network: nn.LSTMCell, queries: Tensor, examples: Tensor, share: Tensor, scale: float
) -> Tensor:
    """Each query after `STEPS` of attention over the examples, t x q x d (appendix A.1).

    share : logarithms of the examples' weights, t x 1 x n
    The query reads alone. What it read is added to its state, where A.1 puts the two side by side.
    """
    shape = queries.shape
    hidden, cell = queries, torch.zeros_like(queries)
    for _ in range(STEPS):
        likeness = scale * (hidden @ examples.transpose(1, 2)) + share
        read = likeness.softmax(dim=-1) @ examples
        state = (hidden + read).flatten(0, 1), cell.flatten(0, 1)
        hidden, cell = network(queries.flatten(0, 1), state)
        hidden, cell = hidden.view(shape) + queries, cell.view(shape)
    return hidden
