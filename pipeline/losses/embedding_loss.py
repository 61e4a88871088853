"""The weighted sum of the losses that `train.loss` switches on."""

import torch
from torch import Tensor, nn

from pipeline.losses import pairs
from pipeline.losses.focal import Focal
from pipeline.losses.identities import Identities, own_labels
from pipeline.losses.pairs import Older
from pipeline.losses.proxies import BatchAll, Centre, ProxyAnchor
from pipeline.losses.siamese import Twin
from pipeline.losses.softmax import ArcFace, CosFace, Softmax, SphereFace
from pipeline.models.pair_head import PairHead
from pipeline.params import Loss

# built with (dim, identities, **values); every other name is a function of `pairs`
LEARNED = {
    "softmax": Softmax,
    "arcface": ArcFace,
    "cosface": CosFace,
    "sphereface": SphereFace,
    "focal": Focal,
    "proxy_anchor": ProxyAnchor,
    "centre": Centre,
    "batch_all": BatchAll,
}
# the others see the features before the BNNeck
SEE_EMBEDDINGS = {
    "softmax", "arcface", "cosface", "sphereface", "focal", "proxy_anchor", "siamese",
}  # fmt: skip


class EmbeddingLoss(nn.Module):
    """The weighted terms by name; a term of weight 0 is not built.

    `forward(features, embeddings, labels)`: losses with a vector an identity, and the twin
    network's, see `embeddings` (after the BNNeck), distances are taken between `features` (before
    it); both are n x dim. Luo et al. 2019, arXiv:1903.07071. Labels are 0 .. identities - 1, or -1
    for new_whale: nobody's positive, everybody's negative. All is computed in float32, whatever
    precision the network has.
    """

    def __init__(
        self, params: Loss, dim: int, identities: Identities, pair_head: PairHead | None = None
    ) -> None:
        """`pair_head` is the network's own, for the twin loss."""
        super().__init__()
        self.weights = {name: values["weight"] for name, values in params.active().items()}
        for name, values in params.active().items():
            own = {key: value for key, value in values.items() if key != "weight"}
            if name == "siamese":
                built = Twin(pair_head)
            elif name in LEARNED:
                built = LEARNED[name](dim, identities, **own)
            else:
                built = Pairs(name, own)
            self.add_module(name, built)

    def forward(self, features: Tensor, embeddings: Tensor, labels: Tensor) -> dict[str, Tensor]:
        with torch.autocast(labels.device.type, enabled=False):
            features, embeddings = features.float(), embeddings.float()
            return {
                name: weight
                * getattr(self, name)(embeddings if name in SEE_EMBEDDINGS else features, labels)
                for name, weight in self.weights.items()
            }


class Pairs(nn.Module):
    """A function of `pairs` with its values, and its memory of past batches where it has one.

    `memory` is how many features of past batches are kept, the youngest ones.
    """

    def __init__(self, name: str, values: dict) -> None:
        super().__init__()
        self.cost = getattr(pairs, name)
        self.values = {key: value for key, value in values.items() if key != "memory"}
        self.memory = values.get("memory", 0)
        self.older: Older | None = None
        self.strangers = 1

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        # no two new_whales are one, not even of different batches
        labels = own_labels(labels, self.strangers)
        if not self.memory:
            return self.cost(features, labels, **self.values)
        cost = self.cost(features, labels, older=self.older, **self.values)
        self.remember(features.detach(), labels)
        return cost

    def remember(self, features: Tensor, labels: Tensor) -> None:
        self.strangers += len(labels)
        if self.older is not None:
            features = torch.cat([self.older.features, features])
            labels = torch.cat([self.older.labels, labels])
        self.older = Older(features[-self.memory :], labels[-self.memory :])
