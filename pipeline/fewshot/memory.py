"""Memory-augmented network (Santoro et al. 2016, arXiv:1605.06065).

"Meta-learning with memory-augmented neural networks": examples are read one after another, each
with the label of the one before; an external memory associates them.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.fewshot import external_memory
from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.external_memory import State
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Episodes, Support, class_means, mask_absent_classes, merge_sets

DECAY = 0.95  # of the usage weights (their gamma: .9 to .99)
# With balanced classes and every label revealed, the last queries could be answered by elimination
REVEALED = 2 / 3
# divides squared distances of vectors of deviation 1 in the prototypes' loss
TEMPERATURE = 8.0


class Memory(Learner):
    """The support set is written to the memory; then each query is answered from a copy of it.

    The publication trains encoder and memory together in 100,000 episodes. In a thousand, the
    memory learns nothing from vectors that all point in the same direction, nor does the encoder
    from an untrained memory. So each component of a vector is normalised to mean 0 and deviation
    1, and a prototypes' loss beside the memory's trains the encoder; the publication has neither.
    """

    def __init__(
        self, encoder: Encoder, ways: int, slots: int, width: int, heads: int, hidden: int
    ) -> None:
        super().__init__()
        self.encoder, self.ways, self.slots, self.width = encoder, ways, slots, width
        self.heads, self.hidden = heads, hidden
        self.normalise = nn.BatchNorm1d(encoder.dim, affine=False)
        self.controller = nn.LSTMCell(encoder.dim + ways, hidden)
        self.keys = nn.Linear(hidden, heads * width)
        self.gate = nn.Linear(hidden, heads)
        self.last = nn.Linear(hidden + heads * width, ways)

    def score(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        vectors = self.encode(queries)
        state, previous = self.write_support(support.encode(self.encode), support)
        count = vectors.shape[1]
        copies = State(*(values.repeat_interleave(count, dim=0) for values in state))
        previous = previous.repeat_interleave(count, dim=0)
        _, logits = self.step(copies, vectors.flatten(0, 1), previous)
        return mask_absent_classes(logits.view(-1, count, self.ways)[..., :ways], support, ways)

    def loss(self, episodes: Episodes) -> Tensor:
        """Cross-entropy of the memory's predictions, and that of the vectors' prototypes."""
        sizes = [episodes.support.labels.shape[1], episodes.truth.shape[1]]
        examples, queries = merge_sets(episodes).encode(self.encode).split(sizes, dim=1)
        means = class_means(examples, episodes.support, episodes.ways)
        logits = -torch.cdist(queries, means).square() / TEMPERATURE
        logits = mask_absent_classes(logits, episodes.support, episodes.ways)
        prototype_loss = F.cross_entropy(logits.flatten(0, 1), episodes.truth.flatten())
        return prototype_loss + self._sequence_loss(examples, queries, episodes)

    def _sequence_loss(self, examples: Tensor, queries: Tensor, episodes: Episodes) -> Tensor:
        """Cross-entropy of queries that follow the support set in one sequence, in random order.

        Each is classified before its label is revealed, as in the publication.
        """
        order = torch.rand(episodes.truth.shape).argsort(dim=1)
        order = order[:, : round(REVEALED * order.shape[1])]
        truth = episodes.truth.gather(1, order)
        queries = queries[torch.arange(len(order))[:, None], order]
        labels = F.one_hot(truth, self.ways).to(queries.dtype)
        state, previous = self.write_support(examples, episodes.support)
        predictions = []
        for position in range(queries.shape[1]):
            state, logits = self.step(state, queries[:, position], previous)
            predictions.append(logits)
            previous = labels[:, position]
        logits = torch.stack(predictions, dim=1)[..., : episodes.ways]
        logits = mask_absent_classes(logits, episodes.support, episodes.ways)
        return F.cross_entropy(logits.flatten(0, 1), truth.flatten())

    def encode(self, inputs: Tensor) -> Tensor:
        """t x n x ... to t x n x d, each component with mean 0, deviation 1 over the background."""
        vectors = self.encoder(inputs)
        return self.normalise(vectors.flatten(0, -2)).view_as(vectors)

    def write_support(self, examples: Tensor, support: Support) -> tuple[State, Tensor]:
        """The state after the examples' vectors, t x n x d, and the last one's label, t x ways."""
        labels = F.one_hot(support.labels, self.ways).to(examples.dtype)
        sizes = self.slots, self.width, self.heads, self.hidden
        state = external_memory.empty_state(examples, *sizes)
        previous = torch.zeros_like(labels[:, 0])
        for position in range(examples.shape[1]):
            present = support.weights[:, position] > 0
            after, _ = self.step(state, examples[:, position], previous)
            state = State(
                *(select(present, new, old) for new, old in zip(after, state, strict=True))
            )
            previous = select(present, labels[:, position], previous)
        return state, previous

    def step(self, state: State, vectors: Tensor, previous: Tensor) -> tuple[State, Tensor]:
        """Process one input per sequence, b x d, with the previous label, b x ways.

        Returns the new state and the logits, b x ways.
        """
        inputs = torch.cat([vectors, previous], dim=1)
        hidden, cell = self.controller(inputs, (state.hidden, state.cell))
        keys = self.keys(hidden).tanh().unflatten(1, (self.heads, self.width))
        gate = self.gate(hidden).sigmoid()
        memory, written = external_memory.write(state.memory, state.read, state.usage, keys, gate)
        read, retrieved = external_memory.read(memory, keys)
        usage = DECAY * state.usage + read.sum(dim=1) + written.sum(dim=1)
        logits = self.last(torch.cat([hidden, retrieved.flatten(1)], dim=1))
        return State(memory, read, usage, hidden, cell), logits


def select(condition: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """`first` if `condition` (b) holds, else `second`; b x ...."""
    return torch.where(condition.view(-1, *[1] * (first.ndim - 1)), first, second)
