"""DeepCluster-v2: photographs are told apart by clusters of their own (Caron et al. 2020).

arXiv:2006.09882, appendix: spherical k-means on what the network said during the last epoch; its
centres are the classes of the next.
"""

import faiss
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

TEMPERATURE = 0.1


class Clusters(nn.Module):
    """Pooled maps (n x width) and the photographs' places to the cost of missing their cluster.

    `memory` holds every photograph's last vector; `renew` makes clusters of them. Before the first
    epoch the vectors are those of `remember`.
    """

    def __init__(self, width: int, dim: int, photographs: int, clusters: int, seed: int) -> None:
        super().__init__()
        self.projector = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(inplace=True), nn.Linear(width, dim)
        )
        self.count, self.seed = min(clusters, photographs), seed
        self.register_buffer("memory", torch.zeros(photographs, dim))
        self.register_buffer("centres", torch.zeros(self.count, dim))
        self.register_buffer("members", torch.zeros(photographs, dtype=torch.long))

    def forward(self, pooled: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """The cost and the vectors."""
        vectors = self.remember(pooled, places)
        # half precision would tell clusters apart by hundredths
        with torch.autocast(pooled.device.type, enabled=False):
            logits = vectors @ self.centres.T / TEMPERATURE
            return F.cross_entropy(logits, self.members[places]), vectors

    def remember(self, pooled: Tensor, places: Tensor) -> Tensor:
        vectors = F.normalize(self.projector(pooled).float())
        self.memory[places] = vectors.detach()
        return vectors

    def renew(self, epoch: int) -> None:
        """Cluster the memory anew."""
        vectors = np.ascontiguousarray(self.memory.cpu().numpy())
        kmeans = faiss.Kmeans(
            vectors.shape[1],
            self.count,
            niter=20,
            spherical=True,
            seed=self.seed + epoch,
            min_points_per_centroid=1,
        )
        kmeans.train(vectors)
        _, members = kmeans.index.search(vectors, 1)
        self.centres.copy_(torch.from_numpy(kmeans.centroids))
        self.members.copy_(torch.from_numpy(members[:, 0]))

    def largest_share(self) -> float:
        """Of the photographs that are in the largest cluster."""
        return float(torch.bincount(self.members).max() / len(self.members))
