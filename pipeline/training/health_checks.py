"""Health checks: training that cannot give a useful model stops with the cause and a remedy."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.system.errors import UserError

FLAT = 0.98  # of the first epoch's loss
COLLAPSED = 0.999  # mean cosine between different images of a batch
SLOWER = "Lower train.learning_rate, or clip gradients (train.clip)"
LOOSER = "Lower train.learning_rate or the triplet's weight"


class TrainingFailed(UserError):
    """Training cannot give a useful model; the message names the cause and a remedy."""


def check_step(
    total: Tensor,
    losses: Mapping[str, Tensor],
    norm: Tensor | None,
    place: str,
    remedy: str = SLOWER,
) -> None:
    """Check the loss and the gradient's norm (if there is one) of the batch at `place`."""
    check_finite(total, losses, place, remedy)
    if norm is not None:
        check_gradient(norm, place)


def check_finite(
    total: Tensor, losses: Mapping[str, Tensor], place: str, remedy: str = SLOWER
) -> None:
    """Raise TrainingFailed if the loss is NaN or infinite."""
    if not torch.isfinite(total):
        terms = [name for name, value in losses.items() if not torch.isfinite(value)]
        value = float(total.detach())
        raise TrainingFailed(f"{place}: the loss is {value} (from {', '.join(terms)}). {remedy}")


def check_gradient(norm: Tensor, place: str) -> None:
    """Raise TrainingFailed if the gradient is NaN or infinite, which spoils the weights."""
    if not torch.isfinite(norm):
        raise TrainingFailed(
            f"{place}: the gradient's norm is {float(norm)}. Lower train.learning_rate"
        )


def check_weights(net: nn.Module) -> None:
    """Raise TrainingFailed if the last step has spoiled the weights or the batch statistics."""
    state = net.state_dict()
    spoilt = [name for name, value in state.items() if not torch.isfinite(value).all()]
    if spoilt:
        raise TrainingFailed(f"the weights are not finite, first {spoilt[0]}. {SLOWER}")


def check_falling(losses: list[float], epochs: int) -> None:
    """Raise TrainingFailed if the loss has not fallen after half of the epochs (4 or more)."""
    if epochs >= 4 and len(losses) == (epochs + 1) // 2 and losses[-1] > FLAT * losses[0]:
        raise TrainingFailed(
            f"the loss stays flat: {losses[0]:.4f} in epoch 0, {losses[-1]:.4f} in epoch "
            f"{len(losses) - 1}. Change train.learning_rate (too low learns nothing, too high "
            "diverges), or train.backbone_lr_scale"
        )


def check_spread(features: Tensor, epoch: int, remedy: str = LOOSER) -> None:
    """Raise TrainingFailed if different images have nearly the same vector.

    features : n x d, before the BNNeck, which would stretch tiny differences to full size
    """
    if len(features) < 2:
        return
    unit = F.normalize(features.detach().float())
    others = (unit @ unit.T).sum() - len(unit)
    cosine = float(others / (len(unit) * (len(unit) - 1)))
    if cosine > COLLAPSED:
        raise TrainingFailed(
            f"epoch {epoch}: the embeddings have collapsed (mean cosine {cosine:.4f} between "
            f"different images). {remedy}"
        )
