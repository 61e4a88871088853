"""A batch that several processes share: each works on its part, and the losses see all of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed

from pipeline.system.errors import UserError
from pipeline.training.dataset import View
from pipeline.training.pair_batches import PairBatches
from pipeline.training.samplers import IdentityBatches


@dataclass(frozen=True)
class Share:
    """One process's part of batches of `views` views: those of a slice, in the batch's order.

    Parts differ by one view at most. Raises UserError if there is a process without a view.
    """

    rank: int  # of this process, from 0
    count: int  # of processes
    views: int  # of all parts

    def __post_init__(self) -> None:
        if self.views < self.count:
            raise UserError(
                f"a batch has {self.views} views, too few for {self.count} devices: raise "
                "train.sampler.identities or use fewer devices (TAILPRINT_DEVICES)"
            )

    @property
    def part(self) -> slice:
        """Where this process's views are in the batch."""
        return slice(*(self.views * at // self.count for at in (self.rank, self.rank + 1)))

    def gather(self, own: Tensor) -> Tensor:
        """Join the rows of all processes' parts, in the batch's order; `own` are this one's.

        The result has a gradient if `own` has one.
        """
        return Gather.apply(own, self)


class SharedBatches:
    """A batch sampler of one process's part of every batch; all processes draw the same batches."""

    def __init__(self, batches: IdentityBatches | PairBatches, share: Share) -> None:
        self.batches, self.share = batches, share

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[View]]:
        for batch in self.batches:
            yield batch[self.share.part]


class Gather(torch.autograd.Function):
    """The parts of all processes as one tensor.

    Every process computes the same loss of the whole, so that each knows the gradient of its own
    rows: nothing is exchanged for it. It is multiplied by the number of processes, since DDP then
    takes the mean over them where the gradient of the whole is the sum of the parts' gradients.
    """

    @staticmethod
    def forward(ctx: Any, own: Tensor, share: Share) -> Tensor:  # noqa: ANN401
        ctx.share = share
        whole = own.new_zeros(share.views, *own.shape[1:])
        whole[share.part] = own
        # the sum with zeros changes no number, and parts of all sizes fit
        distributed.all_reduce(whole)
        return whole

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        return gradient[ctx.share.part] * ctx.share.count, None
