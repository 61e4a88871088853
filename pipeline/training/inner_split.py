"""The inner split: photographs of the training folds that are held back to tell when to stop.

The held-out fold is never looked at: what is chosen by its score has no honest score left.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import few_shot_accuracy
from pipeline.training.dataset import View, Views

BATCH = 64
FEW_SHOT, WAYS_SHOTS, SEED = "way20_shot1", (20, 1), 0  # the same tasks after every epoch


def split(training: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part training rows (of the "folds" table): those that train, those held back.

    Of a `share` of the identities with two photographs or more, one is held back with its copies.
    Pseudo-labels are no questions: they may be wrong.
    """
    known = training[(training["identity"] != NEW_WHALE) & (training["only_fold"] == "")]
    photographs = known.drop_duplicates("group").groupby("identity")["group"].apply(list)
    several = photographs[photographs.map(len) > 1].sort_index()
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(several))[: math.ceil(share * len(several))]
    groups = [several.iloc[at][rng.integers(len(several.iloc[at]))] for at in np.sort(chosen)]
    held = training["group"].isin(groups)
    return training[~held].reset_index(drop=True), training[held].reset_index(drop=True)


@dataclass(frozen=True)
class Examination:
    """Held-back photographs (queries) and the training photographs of the same identities.

    Rows of the packed crops and labels, of queries and of the gallery.
    """

    crops: Path
    channels: int
    queries: np.ndarray
    query_labels: np.ndarray
    gallery: np.ndarray
    gallery_labels: np.ndarray

    def scores(self, net: nn.Module) -> dict[str, float]:
        """`inner`: mean of 1 / rank of the right identity, by its most similar photograph, 0 to 1.
        FEW_SHOT: the share of right names in 20-way 1-shot tasks (Koch et al. 2015 watch it while
        they train), NaN with fewer than 20 identities.
        """
        views = Views(self.crops, self.channels, None)
        asked, known = (unit_vectors(net, views, rows) for rows in (self.queries, self.gallery))
        rank = reciprocal_rank(asked @ known.T, self.query_labels, self.gallery_labels)
        fresh = few_shot_accuracy.group_by_identity(asked.numpy(), self.query_labels)
        shown = few_shot_accuracy.group_by_identity(known.numpy(), self.gallery_labels)
        right = float(few_shot_accuracy.episode_accuracies(fresh, shown, *WAYS_SHOTS, SEED).mean())
        return {"inner": rank, FEW_SHOT: right}


@torch.inference_mode()
def unit_vectors(net: nn.Module, views: Views, rows: np.ndarray) -> Tensor:
    """The embeddings of packed crops as they are, n x d; the network is left in eval mode."""
    net.eval()
    place = next(net.parameters()).device
    vectors = []
    for part in np.array_split(rows, math.ceil(len(rows) / BATCH)):
        crops = [views[View(int(row), 0, False, 0)][0] for row in part]
        vectors.append(net.embed(torch.stack(crops).to(place)).cpu())
    return torch.cat(vectors)


def reciprocal_rank(similarity: Tensor, truths: np.ndarray, labels: np.ndarray) -> float:
    """queries x gallery similarities to the mean of 1 / rank of the right label.

    A label is as near as its nearest photograph; equals before the right one count against it.
    """
    own = torch.from_numpy(labels) == torch.from_numpy(truths).unsqueeze(1)
    best = similarity.masked_fill(~own, -torch.inf).amax(dim=1, keepdim=True)
    ranks = []
    for row, ahead in enumerate((similarity >= best) & ~own):
        ranks.append(1 + len(set(labels[ahead.numpy()].tolist())) if best[row] > -torch.inf else 0)
    return float(np.mean([1 / rank if rank else 0.0 for rank in ranks]))


def waited(scores: list[float]) -> int:
    """Epochs since the first of the highest scores."""
    return len(scores) - 1 - int(np.argmax(scores))
