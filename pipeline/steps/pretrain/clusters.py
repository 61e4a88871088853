"""DeepCluster-v2: the classes are clusters of the photographs themselves (Caron et al. 2020).

arXiv:2006.09882, appendix: spherical k-means on the vectors of the last epoch; its centres are the
classes of the next.
"""

import faiss
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

TEMPERATURE = 0.1


class Clusters(nn.Module):
    """Cross-entropy of each photograph's cluster, by the network's pooled maps (n x width).

    `memory` holds every photograph's last vector, `assignment` its cluster. Call `renew` before
    every epoch, and before the first one `remember` for all photographs.
    """

    memory: Tensor  # photographs x dim
    centres: Tensor  # clusters x dim
    assignment: Tensor  # photographs

    def __init__(self, width: int, dim: int, photographs: int, clusters: int, seed: int) -> None:
        super().__init__()
        self.projector = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(inplace=True), nn.Linear(width, dim)
        )
        self.count, self.seed = min(clusters, photographs), seed
        self.register_buffer("memory", torch.zeros(photographs, dim))
        self.register_buffer("centres", torch.zeros(self.count, dim))
        self.register_buffer("assignment", torch.zeros(photographs, dtype=torch.long))

    def forward(self, pooled: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return loss and vectors of the photographs with these rows."""
        vectors = self.remember(pooled, rows)
        # cosines in half precision differ by hundredths, too coarse to separate clusters
        with torch.autocast(pooled.device.type, enabled=False):
            logits = vectors @ self.centres.T / TEMPERATURE
            return F.cross_entropy(logits, self.assignment[rows]), vectors

    def remember(self, pooled: Tensor, rows: Tensor) -> Tensor:
        """Compute the photographs' vectors, n x dim, and store them in `memory`."""
        vectors = F.normalize(self.projector(pooled).float())
        self.memory[rows] = vectors.detach()
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
        _, assignment = kmeans.index.search(vectors, 1)
        self.centres.copy_(torch.from_numpy(kmeans.centroids))
        self.assignment.copy_(torch.from_numpy(assignment[:, 0]))

    def largest_fraction(self) -> float:
        """Fraction of the photographs that are in the largest cluster."""
        return float(torch.bincount(self.assignment).max() / len(self.assignment))
