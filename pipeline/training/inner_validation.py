"""Inner validation: photographs of the training folds are held back to decide when to stop.

The held-out fold is never used for that: a model that is chosen by a score has no honest score on
the same photographs.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from pipeline.data.tables import NEW_WHALE, is_pseudo
from pipeline.evaluation import few_shot_accuracy
from pipeline.models.embedding_net import EmbeddingNet
from pipeline.training.dataset import View, ViewDataset

BATCH = 64
FEW_SHOT, WAYS_SHOTS, SEED = "way20_shot1", (20, 1), 0  # the same episodes after every epoch


def split_rows(
    training: pd.DataFrame, fraction: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split training rows (of the "folds" table) into those that train and those held back.

    Of a `fraction` of the identities with two photographs or more, one photograph is held back
    with its duplicates. What else is in its group, as other animals of its encounter, is left out.
    Every identity keeps a photograph, and pseudo-labels are never held back: they may be wrong.
    """
    guessed = set(training.loc[is_pseudo(training), "group"])
    known = training[training["identity"] != NEW_WHALE].drop_duplicates(["group", "identity"])
    certain = known[~is_pseudo(known)]
    photographs = certain.groupby("identity")["group"].apply(list)
    several = photographs[photographs.map(len) > 1].sort_index()
    left = photographs.map(len).to_dict()
    identities = certain.groupby("group")["identity"].apply(list)
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(several))[: math.ceil(fraction * len(several))]
    groups: dict[int, str] = {}  # with the identity that is asked for
    for at in np.sort(chosen):
        free = [
            group
            for group in several.iloc[at]
            if group not in groups
            and group not in guessed
            and all(left[identity] > 1 for identity in identities[group])
        ]
        if free:
            group = free[rng.integers(len(free))]
            groups[group] = str(several.index[at])
            left |= {identity: left[identity] - 1 for identity in identities[group]}
    identity = training["group"].map(groups)
    kept, held_back = training[identity.isna()], training[identity == training["identity"]]
    return kept.reset_index(drop=True), held_back.reset_index(drop=True)


@dataclass(frozen=True)
class InnerValidation:
    """Photographs held back (queries), and the training photographs of the same identities.

    Rows of the packed crops and labels, of the queries and of the gallery.
    """

    crops: Path
    channels: int
    queries: np.ndarray
    query_labels: np.ndarray
    gallery: np.ndarray
    gallery_labels: np.ndarray

    def evaluate(self, net: EmbeddingNet) -> dict[str, float]:
        """Score a network; it is left in eval mode.

        `inner`: mean of 1 / rank of the right identity, by its most similar photograph, 0 to 1.
        FEW_SHOT: accuracy in 20-way 1-shot episodes (Koch et al. 2015 watch it while they train),
        NaN with fewer than 20 identities.
        """
        views = ViewDataset(self.crops, self.channels, None)
        queries, gallery = (embed_rows(net, views, rows) for rows in (self.queries, self.gallery))
        rank = mean_reciprocal_rank(queries @ gallery.T, self.query_labels, self.gallery_labels)
        fresh = few_shot_accuracy.group_by_identity(queries.numpy(), self.query_labels)
        shown = few_shot_accuracy.group_by_identity(gallery.numpy(), self.gallery_labels)
        accuracy = float(
            few_shot_accuracy.episode_accuracies(fresh, shown, *WAYS_SHOTS, SEED).mean()
        )
        return {"inner": rank, FEW_SHOT: accuracy}


@torch.inference_mode()
def embed_rows(net: EmbeddingNet, views: ViewDataset, rows: np.ndarray) -> Tensor:
    """Embed packed crops without augmentation, n x d; the network is left in eval mode."""
    net.eval()
    device = next(net.parameters()).device
    vectors = []
    for block in np.array_split(rows, math.ceil(len(rows) / BATCH)):
        crops = [views[View(int(row), 0, False, 0)][0] for row in block]
        vectors.append(net.embed(torch.stack(crops).to(device)).cpu())
    return torch.cat(vectors)


def mean_reciprocal_rank(similarity: Tensor, truths: np.ndarray, labels: np.ndarray) -> float:
    """Mean of 1 / rank of the right label, for queries x gallery similarities.

    A label is as similar as its most similar photograph. Ties count against the right label; a
    label that is not in the gallery counts 0.
    """
    right = torch.from_numpy(labels) == torch.from_numpy(truths).unsqueeze(1)
    best = similarity.masked_fill(~right, -torch.inf).amax(dim=1, keepdim=True)
    ranks = []
    for row, ahead in enumerate((similarity >= best) & ~right):
        ranks.append(1 + len(set(labels[ahead.numpy()].tolist())) if best[row] > -torch.inf else 0)
    return float(np.mean([1 / rank if rank else 0.0 for rank in ranks]))


def epochs_since_best(scores: list[float]) -> int:
    """Number of epochs since the first of the highest scores."""
    return len(scores) - 1 - int(np.argmax(scores))
