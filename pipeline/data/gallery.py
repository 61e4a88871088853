"""The training rows and the queries of a member, the gallery of each query; and embeddings.

A member is not trained on its fold. The images of that fold are its held-out queries. Enrolment
needs no training: queries are compared with everything that is labelled with a known identity, and
held-out ones with all of it but their own part of the fold.

By time, a fold is a season, and 0 the last one: a held-out query is compared with what was
photographed in seasons before its own, and its member was trained on nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import tables
from pipeline.data.tables import NEW_WHALE, is_pseudo
from pipeline.system.errors import OTHER_SETTINGS, UserError, explain_damage

KNOWN = "known"  # its identity has an image in the query's gallery
LABELLED_NEW = "labelled_new"  # the competition calls it new_whale
UNSEEN = "unseen"  # its identity lies wholly in the held-out part: truly new to the member
TEST = "test"
MOST_PEERS = 2000  # held-out photographs of a fold that are compared with each other
NO_FOLD = -1  # the fold and the part of the test's queries, pseudo-labels and enrolled photographs
SEASON = -2  # the part of a fold that is a season


def training_rows(folds: pd.DataFrame, held_out: int) -> pd.DataFrame:
    """The rows of `folds` that the member with fold `held_out` held out may train on.

    A pseudo-labelled duplicate of a held-out photograph is left out: it would reveal the answer.
    """
    held = folds["fold"] == held_out
    if (folds.loc[held, "part"] == SEASON).any():
        return folds[is_outside(folds, held_out, SEASON)].reset_index(drop=True)
    duplicates = folds["group"].isin(folds.loc[held, "group"])
    allowed = folds["only_fold"].isin(["", str(held_out)])
    return folds[~held & ~duplicates & allowed].reset_index(drop=True)


def is_outside(rows: pd.DataFrame, fold: int, part: int) -> pd.Series:
    """Whether n rows of "folds" are of other folds; if these are seasons, of earlier ones.

    part : of any photograph of the fold
    """
    return rows["fold"] > fold if part == SEASON else rows["fold"] != fold


def is_hidden(rows: pd.DataFrame, fold: int, part: int) -> pd.Series:
    """Whether queries of a part of a fold are not compared with n rows (columns fold, part).

    With their own part; by time, with all but earlier seasons: what has no date may be later.
    """
    if part == SEASON:
        return ~is_outside(rows, fold, part)
    return (rows["fold"] == fold) & (rows["part"] == part) & (rows["fold"] != NO_FOLD)


def gallery_rows(folds: pd.DataFrame, fold: int = NO_FOLD, part: int = NO_FOLD) -> pd.DataFrame:
    """The rows that queries of a part of a fold are compared with; by default those of the test.

    Everything labelled with a known identity, but what is hidden from them (`is_hidden`). Pseudo-
    labelled photographs are trained on but left out here: they are test queries themselves, and no
    held-out query finds itself.
    """
    in_gallery = (folds["identity"] != NEW_WHALE) & ~is_pseudo(folds)
    return folds[in_gallery & ~is_hidden(folds, fold, part)].reset_index(drop=True)


def choose_peers(rows: pd.DataFrame) -> pd.DataFrame:
    """The queries of one set (as `query_rows`) that are compared with each other.

    Held-out ones show individuals with a name, MOST_PEERS photographs or a few more of whole
    individuals in random order: pairs grow with the square of their number.
    """
    named = rows[rows["kind"] != LABELLED_NEW]
    if len(named) <= MOST_PEERS or (named["kind"] == TEST).all():
        return named
    individuals = np.sort(named["cluster"].unique())
    shuffled = np.random.default_rng(0).permutation(individuals)
    counts = named["cluster"].value_counts()[shuffled].to_numpy()
    chosen = shuffled[: int((np.cumsum(counts) < MOST_PEERS).sum()) + 1]
    return named[named["cluster"].isin(chosen)]


def trained_gallery_rows(folds: pd.DataFrame, held_out: int) -> pd.DataFrame:
    """The rows of the test's gallery that the member with `held_out` held out trained on."""
    return gallery_rows(training_rows(folds, held_out))


def split_by_gallery(
    folds: pd.DataFrame, queries: pd.DataFrame
) -> Iterator[tuple[np.ndarray, pd.DataFrame]]:
    """Yield the positions of queries (columns fold, part) that have one gallery, and its rows.

    Every query is in exactly one of the groups.
    """
    for positions in queries.groupby(["fold", "part"]).indices.values():
        first = queries.iloc[positions[0]]
        rows = gallery_rows(folds, int(first["fold"]), int(first["part"]))
        yield np.asarray(positions), rows


def count_photographs(
    folds: pd.DataFrame, queries: pd.DataFrame, identities: np.ndarray
) -> np.ndarray:
    """The number of photographs that a query's gallery has of an identity, for n pairs of these.

    queries : n rows (columns fold, part); identities : n; 0 for one that is not in the gallery
    """
    counts = np.zeros(len(queries), int)
    for positions, rows in split_by_gallery(folds, queries):
        by_identity = rows["identity"].value_counts()
        counts[positions] = by_identity.reindex(identities[positions], fill_value=0)
    return counts


def count_of_truth(folds: pd.DataFrame, held_out: pd.DataFrame) -> np.ndarray:
    """The number of photographs of each held-out query's individual in its gallery.

    held_out : q rows (columns image, truth); 0 for a new individual
    """
    labelled = folds[~is_pseudo(folds)].set_index("image")[["fold", "part"]]
    own = labelled.loc[held_out["image"]]
    return count_photographs(folds, own, held_out["truth"].to_numpy())


def query_rows(folds: pd.DataFrame, images: pd.DataFrame, held_out: int) -> pd.DataFrame:
    """The member's queries, held-out ones first, then the test's and those without a label.

    Columns: image; group; kind; truth (the expected answer, "" for test); fold and part (-1 for
    test); cluster (counted as one individual by bootstraps and balanced accuracies).
    """
    return pd.concat([held_out_rows(folds, [held_out]), test_rows(images)], ignore_index=True)


def test_rows(images: pd.DataFrame) -> pd.DataFrame:
    """The queries of the test and those without a label, which are the same for every member."""
    test = images.loc[images["split"] != "train", ["image"]]
    return test.assign(group=-1, kind=TEST, truth="", fold=NO_FOLD, part=NO_FOLD, cluster="")


def held_out_rows(folds: pd.DataFrame, held_outs: list[int]) -> pd.DataFrame:
    """The held-out queries of several folds, one fold's after another's."""
    rows = pd.concat([folds[folds["fold"] == fold] for fold in held_outs], ignore_index=True)
    known = count_photographs(folds, rows, rows["identity"].to_numpy()) > 0
    return _describe(rows, known)


def _describe(held: pd.DataFrame, known: np.ndarray) -> pd.DataFrame:
    """Add kind, truth and cluster to n rows of `folds`.

    known : n bool, whether the row's gallery has its identity
    """
    identity = held["identity"]
    kind = np.where(identity == NEW_WHALE, LABELLED_NEW, np.where(known, KNOWN, UNSEEN))
    truth = np.where(kind == KNOWN, identity, NEW_WHALE)
    # two photographs labelled new_whale need not show the same individual
    group = "group " + held["group"].astype(str)
    cluster = np.where(kind == LABELLED_NEW, group, identity)
    described = held[["image", "group"]].assign(kind=kind, truth=truth)
    return described.assign(fold=held["fold"], part=held["part"], cluster=cluster)


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
        # without the squares of all numbers, which take as much memory again
        lengths = np.sqrt(np.einsum("nd,nd->n", self.vectors, self.vectors))
        if not np.allclose(lengths, 1, atol=1e-3):
            raise UserError(
                f"embeddings have lengths {lengths.min():.3f} to {lengths.max():.3f}, and not 1: "
                "the training has diverged; lower train.learning_rate"
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
