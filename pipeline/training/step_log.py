"""The losses of an epoch's steps: summed on the device, checked every few batches.

Reading a number from a GPU waits for all that it has been asked to do, and the GPU then waits for
the next batch; so a log reads the numbers of several batches at once.
"""

from collections.abc import Mapping
from types import TracebackType

import torch
from torch import Tensor

from pipeline.training import health_checks

EVERY = 16  # batches
# steps in a row that gradient scaling may skip: each halves the scale, at first 65536
SKIPPED = 24


class StepLog:
    """A check of `gradient_step` that raises TrainingFailed with the epoch and the batch.

    Without a GPU it does so before the weights change, otherwise up to `EVERY` batches later. An
    error of another kind in its `with` block may come of numbers that were not finite: those are
    named then.

    scaled : whether gradients are scaled, so that a step with infinite ones is skipped (see
        `device.scales_gradients`)
    every : batches between two looks; None for 1 on a CPU, else EVERY
    """

    def __init__(
        self,
        epoch: int,
        scaled: bool = False,
        remedy: str = health_checks.SLOWER,
        every: int | None = None,
    ) -> None:
        self.epoch, self.scaled, self.remedy, self.every = epoch, scaled, remedy, every
        self.names: list[str] = []
        self.rows: list[Tensor] = []  # of batches that were not looked at: the losses, the norm
        self.sums: Tensor | None = None
        self.count = self.skipped = 0

    def __enter__(self) -> "StepLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if isinstance(error, (ValueError, RuntimeError, IndexError)):
            self.look()

    def __call__(self, total: Tensor, losses: Mapping[str, Tensor], norm: Tensor | None) -> None:
        self.names = ["loss", *losses]
        numbers = [total, *losses.values(), total.new_zeros(()) if norm is None else norm]
        self.rows.append(torch.stack([number.detach().float() for number in numbers]))
        every = self.every or (1 if total.device.type == "cpu" else EVERY)
        if len(self.rows) >= every:
            self.look()

    def look(self) -> None:
        """Check the batches since the last look, and add their losses."""
        rows, self.rows = self.rows, []
        if not rows:
            return
        numbers = torch.stack(rows).cpu().double()
        for row in numbers:
            self._check(row)
            self.count += 1
        sums = numbers[:, :-1].sum(dim=0)
        self.sums = sums if self.sums is None else self.sums + sums

    def _check(self, row: Tensor) -> None:
        losses = dict(zip(self.names[1:], row[1:-1], strict=True))
        finite = bool(torch.isfinite(row[-1]))
        self.skipped = 0 if finite else self.skipped + 1
        norm = None if self.scaled and self.skipped <= SKIPPED else row[-1]
        place = f"epoch {self.epoch}, batch {self.count}"
        health_checks.check_step(row[0], losses, norm, place, self.remedy)

    def finish(self) -> dict[str, float]:
        """Check what is left; returns each loss's mean over the batches, "loss" being their sum."""
        self.look()
        if self.sums is None:
            return {}
        return dict(zip(self.names, (self.sums / self.count).tolist(), strict=True))
