"""The network and its losses as one module, on one device or on several that share a batch."""

import torch
from torch import Tensor, nn

from pipeline.losses.embedding_loss import EmbeddingLoss
from pipeline.models.embedding_net import EmbeddingNet
from pipeline.training.shared_batch import Share

SEED_STRIDE = 1_000_003  # between the random states of two processes


class Learner(nn.Module):
    """The network and its losses as one module, so that several devices share both."""

    def __init__(self, net: EmbeddingNet, loss: EmbeddingLoss) -> None:
        super().__init__()
        self.net, self.loss = net, loss

    def forward(self, crops: Tensor, labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Return the weighted losses by name, and the features before the BNNeck."""
        features, embeddings = self.net(crops)
        return self.loss(features, embeddings, labels), features


class SharedLearner(Learner):
    """A learner in one of several processes: its network sees a part of the batch, its losses all.

    So miners, memories and means over images are those of the whole batch, in every process the
    same. What the network itself draws (stochastic depth) differs between the processes, and what
    the losses draw does not.
    """

    def __init__(self, net: EmbeddingNet, loss: EmbeddingLoss, share: Share) -> None:
        super().__init__(net, loss)
        self.share = share
        seed = torch.initial_seed() + SEED_STRIDE * (share.rank + 1)
        self.seeds = torch.Generator().manual_seed(seed)

    def forward(self, crops: Tensor, labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        features, embeddings = self.embed_part(crops)
        features, embeddings, labels = (
            self.share.gather(part) for part in (features.float(), embeddings.float(), labels)
        )
        return self.loss(features, embeddings, labels), features

    def embed_part(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """The network's forward, with a random state of this process's own."""
        gpus = [crops.device] if crops.device.type == "cuda" else []
        with torch.random.fork_rng(gpus):
            torch.manual_seed(int(torch.randint(2**31, (), generator=self.seeds)))
            features, embeddings = self.net(crops)
        return features, embeddings
