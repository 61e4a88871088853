"""The weighted sum of the losses that `train.loss` switches on."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.losses import metric_learning, pairs
from pipeline.losses.focal import Focal
from pipeline.losses.identities import Identities, separate_new_whales
from pipeline.losses.margins import ArcFace, CosFace, SphereFace
from pipeline.losses.metric_learning import Memory
from pipeline.losses.proxies import BatchAll, Centre, ProxyAnchor
from pipeline.losses.siamese import SiameseLoss
from pipeline.losses.softmax import Softmax
from pipeline.models.pair_head import PairHead
from pipeline.params import Loss

# with trained parameters, built with (dim, identities, **values); any other name is a function of
# `pairs` or `metric_learning`
MODULES: dict[str, Callable[..., nn.Module]] = {
    "softmax": Softmax,
    "arcface": ArcFace,
    "cosface": CosFace,
    "sphereface": SphereFace,
    "focal": Focal,
    "proxy_anchor": ProxyAnchor,
    "centre": Centre,
    "batch_all": BatchAll,
}
# after the BNNeck; the others take the features before it
ON_EMBEDDINGS = {
    "softmax", "arcface", "cosface", "sphereface", "focal", "proxy_anchor", "siamese",
}  # fmt: skip


class EmbeddingLoss(nn.Module):
    """The weighted terms by name; a term of weight 0 is not built.

    `forward(features, embeddings, labels)`: losses with a vector per identity, and the siamese
    loss, take `embeddings` (after the BNNeck), distances are between `features` (before it); both
    are n x dim. Luo et al. 2019, arXiv:1903.07071. Labels are 0 .. identities - 1, or -1 for
    new_whale: a positive of none, a negative of all. All is computed in float32, whatever precision
    the network has.
    """

    def __init__(
        self, params: Loss, dim: int, identities: Identities, pair_head: PairHead | None = None
    ) -> None:
        """`pair_head` is the network's, for the siamese loss."""
        super().__init__()
        self.weights = {name: values["weight"] for name, values in params.active().items()}
        for name, values in params.active().items():
            values = {key: value for key, value in values.items() if key != "weight"}
            self.add_module(name, build_term(name, values, dim, identities, pair_head))

    def forward(self, features: Tensor, embeddings: Tensor, labels: Tensor) -> dict[str, Tensor]:
        with torch.autocast(labels.device.type, enabled=False):
            features, embeddings = features.float(), embeddings.float()
            return {
                name: weight
                * getattr(self, name)(embeddings if name in ON_EMBEDDINGS else features, labels)
                for name, weight in self.weights.items()
            }


def build_term(
    name: str,
    values: Mapping[str, Any],
    dim: int,
    identities: Identities,
    pair_head: PairHead | None,
) -> nn.Module:
    """Build one loss: a module of (n x dim vectors, labels)."""
    if name == "siamese":
        if pair_head is None:
            raise ValueError("the siamese loss needs a network with a siamese head")
        return SiameseLoss(pair_head)
    if name in MODULES:
        return MODULES[name](dim, identities, **values)
    module = pairs if hasattr(pairs, name) else metric_learning
    return FunctionLoss(getattr(module, name), values)


class FunctionLoss(nn.Module):
    """A loss function with its values, and a memory of past batches if `values` has one.

    `values["memory"]` is the number of features of past batches to keep, the latest ones.
    """

    def __init__(self, function: Callable[..., Tensor], values: Mapping[str, Any]) -> None:
        super().__init__()
        self.function = function
        self.values = {key: value for key, value in values.items() if key != "memory"}
        self.memory_size: int = values.get("memory", 0)
        self.memory: Memory | None = None
        self.next_label = 1  # minus the next new_whale's label

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        # no two new_whales have the same label, not even in different batches
        labels = separate_new_whales(labels, self.next_label)
        if not self.memory_size:
            return self.function(features, labels, **self.values)
        loss = self.function(features, labels, memory=self.memory, **self.values)
        self.remember(features.detach(), labels)
        return loss

    def remember(self, features: Tensor, labels: Tensor) -> None:
        """Add a batch to the memory."""
        self.next_label += len(labels)
        if self.memory is not None:
            features = torch.cat([self.memory.features, features])
            labels = torch.cat([self.memory.labels, labels])
        self.memory = Memory(features[-self.memory_size :], labels[-self.memory_size :])
