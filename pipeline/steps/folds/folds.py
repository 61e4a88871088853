"""Give every labelled image a fold: the evaluation protocol's partition.

Copies of one photograph share a fold. An identity with several photographs is spread over as many
folds as it has, so that almost every held-out query has a relative in the gallery; identities with
one photograph, and new_whale images, are dealt out evenly: held out, they are truly new.
"""

from hashlib import sha256

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE


def assign(labels: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """The table "folds" from the table "labels".

    Rows for one member only (pseudo-labels) are never held out: their fold is -1.
    """
    held = labels[labels["only_fold"] == ""]
    # by name, so that the order of the rows decides nothing
    photographs = held.sort_values("image").drop_duplicates("group")[["group", "identity"]]
    if len(photographs) < count:
        raise ValueError(f"{len(photographs)} labelled photographs do not fill {count} folds")
    dealt = _deal(photographs["identity"], count, seed)
    fold_of = dict(zip(photographs["group"], dealt, strict=True))
    fold = np.where(labels["only_fold"] == "", labels["group"].map(fold_of).fillna(-1), -1)
    return labels[["image", "identity", "group", "only_fold"]].assign(fold=fold.astype(int))


def partition(table: pd.DataFrame) -> str:
    """Ten digits that change where a labelled image changes its fold."""
    own = table.loc[table["only_fold"] == "", ["image", "fold"]].sort_values("image")
    told = "\n".join(f"{image} {fold}" for image, fold in own.itertuples(index=False))
    return sha256(told.encode()).hexdigest()[:10]


def refuse_others(pseudo: pd.DataFrame, table: pd.DataFrame) -> None:
    """Pseudo-labels are of members that never saw their fold: of this partition, or of none.

    Raises ValueError for a row (of data/pseudo.csv) that was made with other folds.
    """
    own = partition(table)
    others = pseudo.index[pseudo["partition"] != own]
    if len(others):
        raise ValueError(
            f"data/pseudo.csv, row {others[0] + 2}: made with the folds "
            f"{pseudo['partition'][others[0]]!r}, these are {own!r}. A member of these may have "
            "learned from what that fold held out: git checkout data/pseudo.csv, run the pipeline, "
            "then python -m commands.pseudo"
        )


def _deal(identities: pd.Series, count: int, seed: int) -> np.ndarray:
    """A fold for every photograph: each identity's are dealt like cards, least full fold first.

    Fullness is kept apart for repeated identities, single ones and new_whale, so that every fold
    gets its share of each.
    """
    rng = np.random.default_rng(seed)
    folds = np.empty(len(identities), dtype=int)
    fullness = {kind: np.zeros(count) for kind in ("repeated", "single", NEW_WHALE)}
    members = pd.Series(np.arange(len(identities))).groupby(identities.to_numpy())
    names = sorted(members.groups)
    for name in (names[at] for at in rng.permutation(len(names))):
        rows = rng.permutation(members.get_group(name))
        kind = NEW_WHALE if name == NEW_WHALE else "repeated" if len(rows) > 1 else "single"
        for start in range(0, len(rows), count):
            part = rows[start : start + count]
            altogether = sum(fullness.values())
            emptiest = np.lexsort((rng.random(count), altogether, fullness[kind]))[: len(part)]
            folds[part] = emptiest
            fullness[kind][emptiest] += 1
    return folds
