"""Matching network: attention over the examples (Vinyals et al. 2016, arXiv:1606.04080)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Support, class_membership, mask_absent_classes

STEPS = 4  # of the query's attention over the examples
SHARPNESS = 10.0  # of the attention at the start; it is trained


class Matching(Learner):
    """Scores are the log of the attention that falls on each class's examples.

    The attention of an example is multiplied by its weight: a class of five examples is no more
    likely for that than a class of one. In the publication all classes have equally many.
    full: full context embeddings. A bi-LSTM runs over the examples, so that each one's vector
    depends on the others, and an LSTM with attention over the examples computes the query's.
    scale: of the products in that attention, 1 as published; smaller for long vectors.
    """

    def __init__(self, encoder: Encoder, full: bool, scale: float = 1.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.sharpness = nn.Parameter(torch.tensor(SHARPNESS).log())
        self.context = FullContext(encoder.dim, scale) if full else None

    def score(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        examples, encoded = support.encode(self.encoder), self.encoder(queries)
        # -inf for padding
        log_weights = support.weights.log()[:, None]
        if self.context is not None:
            examples, encoded = self.context(examples, encoded, support.weights)
        cosines = F.normalize(encoded, dim=-1) @ F.normalize(examples, dim=-1).transpose(1, 2)
        # added after the product: 0 x infinity has no gradient
        attention = (cosines * self.sharpness.exp() + log_weights).log_softmax(dim=-1)
        membership = class_membership(support, ways)[:, None] > 0
        # logarithms throughout: a probability that underflows to 0 has no gradient
        by_class = attention[..., None].masked_fill(~membership, -torch.inf)
        return mask_absent_classes(by_class.logsumexp(dim=2), support, ways)


class FullContext(nn.Module):
    """Vectors of examples and queries that depend on the whole support set (appendix A)."""

    def __init__(self, dim: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.over_examples = nn.LSTM(dim, dim, batch_first=True, bidirectional=True)
        self.over_query = nn.LSTMCell(dim, dim)

    def forward(self, examples: Tensor, queries: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Examples (t x n x d, weights t x n) and queries (t x q x d) in context."""
        examples = encode_examples(self.over_examples, examples, weights)
        log_weights = weights.log()[:, None]
        return examples, attend(self.over_query, queries, examples, log_weights, self.scale)


def encode_examples(network: nn.LSTM, examples: Tensor, weights: Tensor) -> Tensor:
    """Each example plus both directions' outputs of the LSTM, t x n x d (appendix A.2).

    Padding is not part of the sequence; it is moved to the end of a task's examples for that.
    """
    order = (weights == 0).int().argsort(dim=1, stable=True)
    place = order[..., None].expand_as(examples)
    lengths = (weights > 0).sum(dim=1).clamp(min=1).cpu()
    packed = nn.utils.rnn.pack_padded_sequence(
        examples.gather(1, place), lengths, batch_first=True, enforce_sorted=False
    )
    outputs, _ = nn.utils.rnn.pad_packed_sequence(
        network(packed)[0], batch_first=True, total_length=examples.shape[1]
    )
    forward, backward = outputs.chunk(2, dim=-1)
    return examples + torch.zeros_like(examples).scatter(1, place, forward + backward)


def attend(
    network: nn.LSTMCell, queries: Tensor, examples: Tensor, log_weights: Tensor, scale: float
) -> Tensor:
    """Each query after `STEPS` of attention over the examples, t x q x d (appendix A.1).

    log_weights : logarithms of the examples' weights, t x 1 x n
    Queries are processed independently. What is read is added to the state, where A.1
    concatenates the two.
    """
    shape = queries.shape
    hidden, cell = queries, torch.zeros_like(queries)
    for _ in range(STEPS):
        similarity = scale * (hidden @ examples.transpose(1, 2)) + log_weights
        read = similarity.softmax(dim=-1) @ examples
        state = (hidden + read).flatten(0, 1), cell.flatten(0, 1)
        hidden, cell = network(queries.flatten(0, 1), state)
        hidden, cell = hidden.view(shape) + queries, cell.view(shape)
    return hidden
