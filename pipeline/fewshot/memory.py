"""Memory-augmented network (Santoro et al. 2016, "Meta-learning with memory-augmented neural
networks", arXiv:1605.06065): examples are read one after another, each with the label of the one
before; an outer memory keeps what belongs together.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Episodes, Support, class_means, whole, without_absent

FADING = 0.95  # of what counts as lately used (their gamma: .9 to .99)
# The key strength of Graves et al. 2014 (arXiv:1410.5401), which the publication leaves out: at 1 a
# slot that fits weighs e times what one at right angles does, and drowns among a hundred of them
STRENGTH = 10.0
# Queries of equally many a class, all of them told, could be answered by counting what is left
TOLD = 2 / 3
# what squared distances of vectors of spread 1 are divided by for the prototypes' loss
SPREAD = 8.0


class State(NamedTuple):
    """Of b sequences: memory b x slots x width; read (b x heads x slots) and usage (b x slots)
    weights; the controller's two states (b x hidden).
    """

    memory: Tensor
    read: Tensor
    usage: Tensor
    hidden: Tensor
    cell: Tensor


class Memory(Learner):
    """The supports are written down; then every query is asked of a copy of the memory.

    Two things that the publication does without: its 100,000 lessons teach the memory and what it
    is shown together. In a thousand, the memory learns nothing from vectors that all point the same
    way, nor does the encoder from a memory that knows nothing. So each number of a vector comes
    without its mean and spread, and a prototypes' loss beside the memory's own teaches the encoder.
    """

    def __init__(
        self, encoder: Encoder, ways: int, slots: int, width: int, heads: int, hidden: int
    ) -> None:
        super().__init__()
        self.encoder, self.ways, self.slots, self.width = encoder, ways, slots, width
        self.heads, self.hidden = heads, hidden
        self.level = nn.BatchNorm1d(encoder.dim, affine=False)
        self.controller = nn.LSTMCell(encoder.dim + ways, hidden)
        self.keys = nn.Linear(hidden, heads * width)
        self.gate = nn.Linear(hidden, heads)
        self.last = nn.Linear(hidden + heads * width, ways)

    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        asked = self.vectors(queries)
        state, before = self.written(support.encoded(self.vectors), support)
        count = asked.shape[1]
        copies = State(*(one.repeat_interleave(count, dim=0) for one in state))
        _, logits = self.step(copies, asked.flatten(0, 1), before.repeat_interleave(count, dim=0))
        return without_absent(logits.view(-1, count, self.ways)[..., :ways], support, ways)

    def loss(self, episodes: Episodes) -> Tensor:
        """Cross-entropy of the memory's answers, and that of the vectors' own prototypes."""
        parts = [episodes.support.labels.shape[1], episodes.truth.shape[1]]
        examples, asked = whole(episodes).encoded(self.vectors).split(parts, dim=1)
        means = class_means(examples, episodes.support, episodes.ways)
        near = -torch.cdist(asked, means).square() / SPREAD
        near = without_absent(near, episodes.support, episodes.ways)
        apart = F.cross_entropy(near.flatten(0, 1), episodes.truth.flatten())
        return apart + self._misread(examples, asked, episodes)

    def _misread(self, examples: Tensor, asked: Tensor, episodes: Episodes) -> Tensor:
        """Cross-entropy of queries that are read one after another, in an order by chance, each
        answered before its label is told: one sequence with the supports, as in the publication.
        """
        order = torch.rand(episodes.truth.shape).argsort(dim=1)
        order = order[:, : round(TOLD * order.shape[1])]
        truth = episodes.truth.gather(1, order)
        asked = asked[torch.arange(len(order))[:, None], order]
        labels = F.one_hot(truth, self.ways).to(asked.dtype)
        (state, before), answers = self.written(examples, episodes.support), []
        for at in range(asked.shape[1]):
            state, logits = self.step(state, asked[:, at], before)
            answers.append(logits)
            before = labels[:, at]
        logits = torch.stack(answers, dim=1)[..., : episodes.ways]
        logits = without_absent(logits, episodes.support, episodes.ways)
        return F.cross_entropy(logits.flatten(0, 1), truth.flatten())

    def vectors(self, inputs: Tensor) -> Tensor:
        """t x n x ... to t x n x d, each number without its mean and spread over the background."""
        vectors = self.encoder(inputs)
        return self.level(vectors.flatten(0, -2)).view_as(vectors)

    def written(self, examples: Tensor, support: Support) -> tuple[State, Tensor]:
        """The state after the supports' vectors, t x n x d, and the last one's label, t x ways."""
        labels = F.one_hot(support.labels, self.ways).to(examples.dtype)
        state, before = self.blank(examples), torch.zeros_like(labels[:, 0])
        for at in range(examples.shape[1]):
            real = support.weights[:, at] > 0
            told, _ = self.step(state, examples[:, at], before)
            state = State(*(chosen(real, new, old) for new, old in zip(told, state, strict=True)))
            before = chosen(real, labels[:, at], before)
        return state, before

    def blank(self, like: Tensor) -> State:
        """The state before anything is read; `like` is b x ...."""
        count = len(like)
        return State(
            like.new_full((count, self.slots, self.width), 1e-6),
            like.new_zeros(count, self.heads, self.slots),
            like.new_zeros(count, self.slots),
            like.new_zeros(count, self.hidden),
            like.new_zeros(count, self.hidden),
        )

    def step(self, state: State, vectors: Tensor, before: Tensor) -> tuple[State, Tensor]:
        """Read one input a sequence, b x d, with the label before, b x ways: state and logits."""
        seen = torch.cat([vectors, before], dim=1)
        hidden, cell = self.controller(seen, (state.hidden, state.cell))
        keys = self.keys(hidden).tanh().unflatten(1, (self.heads, self.width))
        gate = self.gate(hidden).sigmoid()
        memory, written = write(state.memory, state.read, state.usage, keys, gate)
        read, found = look_up(memory, keys)
        usage = FADING * state.usage + read.sum(dim=1) + written.sum(dim=1)
        logits = self.last(torch.cat([hidden, found.flatten(1)], dim=1))
        return State(memory, read, usage, hidden, cell), logits


def write(
    memory: Tensor, read: Tensor, usage: Tensor, keys: Tensor, gate: Tensor
) -> tuple[Tensor, Tensor]:
    """Least recently used access: the new memory, and where each head wrote, b x heads x slots.

    A head writes its key (b x heads x width) where it last read, in the gate's share (b x heads),
    or in a slot of its own of those that nothing was read from or written to for longest. The one
    of them that is unused for longest is wiped before, as published; the other heads' are not.
    """
    heads = keys.shape[1]
    oldest = usage.argsort(dim=1, stable=True)[:, :heads]
    free = F.one_hot(oldest, memory.shape[1]).to(memory.dtype)
    written = gate[..., None] * read + (1 - gate[..., None]) * free
    wiped = 1 - free[:, :1].transpose(1, 2)
    return memory * wiped + written.transpose(1, 2) @ keys, written


def look_up(memory: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
    """Reading weights, b x heads x slots; what is read, b x heads x width."""
    likeness = F.normalize(keys, dim=-1) @ F.normalize(memory, dim=-1).transpose(1, 2)
    weights = (STRENGTH * likeness).softmax(dim=-1)
    return weights, weights @ memory


def chosen(which: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """`first` where `which` (b), else `second`; b x ...."""
    return torch.where(which.view(-1, *[1] * (first.ndim - 1)), first, second)
