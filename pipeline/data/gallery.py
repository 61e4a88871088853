"""The training rows, the gallery and the queries of a member; and embeddings.

A member is not trained on its fold. The images of that fold are its held-out queries; everything
labelled with a known identity outside the fold is its gallery, for held-out and test queries alike.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import tables
from pipeline.data.tables import NEW_WHALE
from pipeline.system.errors import OTHER_SETTINGS, UserError, explain_damage

KNOWN = "known"  # its identity has an image in the gallery
LABELLED_NEW = "labelled_new"  # the competition calls it new_whale
UNSEEN = "unseen"  # its identity lies wholly in the held-out fold: truly new to the member
TEST = "test"


def training_rows(folds: pd.DataFrame, held_out: int) -> pd.DataFrame:
    """The rows of `folds` that the member with fold `held_out` held out may train on.

    A pseudo-labelled duplicate of a held-out photograph is left out: it would reveal the answer.
    """
    held = folds["fold"] == held_out
    duplicates = folds["group"].isin(folds.loc[held, "group"])
    allowed = folds["only_fold"].isin(["", str(held_out)])
    return folds[~held & ~duplicates & allowed].reset_index(drop=True)


def gallery_rows(folds: pd.DataFrame, held_out: int) -> pd.DataFrame:
    """The training rows with a known identity, which queries are compared with.

    Pseudo-labelled photographs are trained on but left out here: they are test queries themselves,
    and no held-out query finds itself.
    """
    rows = training_rows(folds, held_out)
    in_gallery = (rows["identity"] != NEW_WHALE) & (rows["only_fold"] == "")
    return rows[in_gallery].reset_index(drop=True)


def query_rows(folds: pd.DataFrame, images: pd.DataFrame, held_out: int) -> pd.DataFrame:
    """The member's queries, held-out ones first, then the test's and those without a label.

    Columns: image; group; kind; truth (the expected answer, "" for test); fold (-1 for test);
    cluster (counted as one individual by bootstraps and balanced accuracies).
    """
    held = folds[folds["fold"] == held_out]
    test = images.loc[images["split"] != "train", ["image"]]
    test = test.assign(group=-1, kind=TEST, truth="", fold=-1, cluster="")
    known = set(gallery_rows(folds, held_out)["identity"])
    return pd.concat([_describe(held, known), test], ignore_index=True)


def held_out_rows(folds: pd.DataFrame, held_outs: list[int]) -> pd.DataFrame:
    """The held-out queries of several folds, described by the gallery of each fold."""
    rows = []
    for fold in held_outs:
        known = set(gallery_rows(folds, fold)["identity"])
        rows.append(_describe(folds[folds["fold"] == fold], known))
    return pd.concat(rows, ignore_index=True)


def _describe(held: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """Add kind, truth and cluster to rows of `folds`; `known` are the gallery's identities."""
    identity = held["identity"]
    kind = np.where(
        identity == NEW_WHALE, LABELLED_NEW, np.where(identity.isin(known), KNOWN, UNSEEN)
    )
    truth = np.where(kind == KNOWN, identity, NEW_WHALE)
    # two photographs labelled new_whale need not show the same individual
    group = "group " + held["group"].astype(str)
    cluster = np.where(kind == LABELLED_NEW, group, identity)
    described = held[["image", "group"]].assign(kind=kind, truth=truth)
    return described.assign(fold=held["fold"], cluster=cluster)


@dataclass(frozen=True)
class Embeddings:
    """n images and their unit vectors, n x d float32."""

    names: np.ndarray
    vectors: np.ndarray

    def __post_init__(self) -> None:
        if len(self.names) != len(self.vectors):
            raise ValueError(f"{len(self.names)} names for {len(self.vectors)} vectors")
        if len(set(self.names.tolist())) != len(self.names):
            raise ValueError("an image is embedded twice")
        lengths = np.linalg.norm(self.vectors, axis=1)
        if not np.allclose(lengths, 1, atol=1e-3):
            raise UserError(
                f"embeddings have lengths {lengths.min():.3f} to {lengths.max():.3f}, and not 1: "
                "the training has gone astray; lower train.learning_rate"
            )

    def of(self, images: pd.Series) -> np.ndarray:
        """The vectors of `images`, in their order; raises UserError for images without one."""
        return self.vectors[self.rows(images)]

    def rows(self, images: pd.Series | pd.Index | np.ndarray) -> np.ndarray:
        """The rows of `images`, in their order; raises UserError for images without one."""
        rows = pd.Index(self.names).get_indexer(pd.Index(images))
        if (rows < 0).any():
            missing = np.asarray(images)[rows < 0].tolist()[:5]
            raise UserError(f"no embedding for {missing}: {OTHER_SETTINGS}")
        return rows

    def save(self, path: Path) -> None:
        """Write as .npz, whole or not at all."""
        names = self.names.astype(str)

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez(file, names=names, vectors=self.vectors.astype(np.float32))

        tables.replace(path, write)

    @classmethod
    def load(cls, path: Path) -> "Embeddings":
        """Read what `save` wrote."""
        with explain_damage(path), np.load(path, allow_pickle=False) as file:
            return cls(file["names"], file["vectors"])
