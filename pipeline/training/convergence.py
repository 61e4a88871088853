"""Whether a training went on for long enough: whether the network fits what it was trained on.

With a learning rate that decays, the loss falls until the end, whether there was more to learn or
not, and its value means something else for every loss and number of individuals. The fit does not.
On the demo (195 individuals), lite0 has .36 after 3 epochs and 1.00 after 22, lite1 .86 to .88
after 8, and a network with triplet loss alone .80 to .83 after 6. Held-out top-1 goes with it: .31,
.91, .71 and .65.
"""

import numpy as np
import pandas as pd
import torch

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.training import inner_validation
from pipeline.training.dataset import ViewDataset
from pipeline.training.training_set import TrainingSet

Row = dict[str, float]  # of the history

CONVERGED = 0.95  # fit
FEWEST, MOST = 20, 2000  # photographs that the fit is measured on
MOST_EACH = 10  # photographs of one individual
LAST = 0.25  # of the epochs: a best one among these means that there was more to learn


def measure_fit(net: EmbeddingNet, training_set: TrainingSet, channels: int) -> float | None:
    """The fraction of training photographs whose nearest one elsewhere shows the same individual.

    By the cosine between embeddings, without augmentation, for individuals with photographs of two
    groups or more, MOST photographs at most. Those of one's own group do not count: any network
    finds the next frame of a burst. None for a siamese network, whose head compares in another way,
    and for fewer than FEWEST photographs. The network is left in eval mode.
    """
    chosen = choose_photographs(training_set)
    if net.pair_head is not None or len(chosen) < FEWEST:
        return None
    labels, groups = chosen["label"].to_numpy(), chosen["group"].to_numpy()
    views = ViewDataset(training_set.crops, channels, None)
    vectors = inner_validation.embed_rows(net, views, chosen["row"].to_numpy())
    together = torch.from_numpy(groups[:, None] == groups)
    nearest = (vectors @ vectors.T).masked_fill_(together, -np.inf).argmax(dim=1).numpy()
    return float((labels[nearest] == labels).mean())


def choose_photographs(training_set: TrainingSet) -> pd.DataFrame:
    """The photographs that a fit is measured on, always the same ones.

    Columns: row (of the packed crops), label, group.
    Individuals are taken as a whole, or MOST_EACH photographs of them, of as many groups as
    possible, in random order.
    """
    table = pd.DataFrame(
        {"row": training_set.rows, "label": training_set.labels, "group": training_set.groups}
    )
    table = table[table["label"] >= 0].sample(frac=1, random_state=0)
    repeats = table.groupby(["label", "group"]).cumcount()
    table = table.loc[repeats.sort_values(kind="stable").index]
    table = table[table.groupby("label").cumcount() < MOST_EACH]
    order = table["label"].map({label: at for at, label in enumerate(table["label"].unique())})
    table = table.loc[order[has_several_groups(table)].sort_values(kind="stable").index][:MOST]
    return table[has_several_groups(table)]  # the last individual may have been cut


def has_several_groups(table: pd.DataFrame) -> pd.Series:
    """Whether each photograph's individual has one in another group."""
    return table.groupby("label")["group"].transform("nunique") > 1


def explain_shortfall(fit: float | None, history: list[Row], epochs: int) -> str:
    """Why a training has not converged, and what to do; "" if it has, or if nothing is known.

    epochs : those that were planned; fewer rows mean that the inner validation ended the training

    A fit below CONVERGED is no fault if the inner validation's score has stopped rising.
    """
    whole = [row for row in history if "loss" in row]
    scores = [row["inner"] for row in whole if "inner" in row]
    if fit is None or fit >= CONVERGED or len(whole) < epochs:
        return ""
    if scores and not was_improving(scores):
        return ""
    if was_improving([-row["loss"] for row in whole]):
        return "the loss was still falling, train longer"
    return "the loss no longer fell, change the learning rate"


def was_improving(scores: list[float]) -> bool:
    """Whether the highest score lies in the last quarter of the epochs."""
    return inner_validation.epochs_since_best(scores) < max(1, LAST * len(scores))
