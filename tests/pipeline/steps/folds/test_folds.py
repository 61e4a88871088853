"""Folds keep copies together, identities spread, and everything even."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from pipeline.steps.folds import folds


def labels(rows: list[tuple]) -> pd.DataFrame:
    """From (image, identity, group) or (image, identity, group, only_fold)."""
    padded = [(*row, "")[:4] for row in rows]
    table = pd.DataFrame(padded, columns=["image", "identity", "group", "only_fold"])
    return table.assign(provenance="given")[
        ["image", "identity", "group", "provenance", "only_fold"]
    ]


@pytest.fixture
def ocean() -> pd.DataFrame:
    """w0 to w11 with 2, 3 .. 13 photographs, 14 single ones, 16 new_whale; a fifth doubled."""
    names = [f"w{i}" for i in range(12) for _ in range(i + 2)]
    names += [f"single{i}" for i in range(14)] + ["new_whale"] * 16
    rows = [(f"{group:03}.jpg", name, group) for group, name in enumerate(names)]
    rows += [(f"copy{group:03}.jpg", name, group) for group, name in list(enumerate(names))[::5]]
    return labels(rows)


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_the_protocol(ocean, count, seed):
    dealt = folds.assign(ocean, count, seed)
    assert list(dealt.columns) == ["image", "identity", "group", "only_fold", "fold"]
    assert dealt["image"].equals(ocean["image"])
    assert set(dealt["fold"]) == set(range(count))
    assert dealt.groupby("group")["fold"].nunique().max() == 1
    photographs = dealt.drop_duplicates("group")
    for name, own in photographs[photographs["identity"] != "new_whale"].groupby("identity"):
        assert own["fold"].nunique() == min(len(own), count), name
        assert spread(own["fold"], count) <= 1, name
    single = photographs["identity"].str.startswith("single")
    new = photographs["identity"] == "new_whale"
    for rows in (photographs[single], photographs[new], photographs[~single & ~new]):
        assert spread(rows["fold"], count) <= 1
    assert spread(photographs["fold"], count) <= 2


def spread(fold: pd.Series, count: int) -> int:
    """Fullest minus emptiest fold."""
    sizes = Counter(fold.tolist())
    return max(sizes[i] for i in range(count)) - min(sizes[i] for i in range(count))


def test_the_same_seed_deals_the_same_and_another_does_not(ocean):
    first = folds.assign(ocean, 3, seed=5)
    assert first.equals(folds.assign(ocean, 3, seed=5))
    assert not first["fold"].equals(folds.assign(ocean, 3, seed=6)["fold"])


def test_neither_the_order_of_the_rows_nor_the_groups_numbers_matter(ocean):
    expected = folds.assign(ocean, 3, seed=0).set_index("image")["fold"]
    shuffled = ocean.sample(frac=1, random_state=1).reset_index(drop=True)
    shuffled["group"] = shuffled["group"].map(lambda group: (7 * group) % 1009)
    dealt = folds.assign(shuffled, 3, seed=0).set_index("image")["fold"]
    assert dealt[expected.index].equals(expected)


def test_two_copies_of_one_photograph_are_one_photograph():
    """w1 has two files and one photograph: dealt like a single one, on one side only."""
    table = labels([("a", "w1", 0), ("b", "w1", 0), ("c", "w2", 1), ("d", "w3", 2)])
    dealt = folds.assign(table, 3, seed=0).set_index("image")["fold"]
    assert dealt["a"] == dealt["b"]
    assert sorted(dealt[["a", "c", "d"]]) == [0, 1, 2]


def test_pseudo_labels_are_never_held_out():
    table = labels(
        [("a", "w1", 0), ("b", "w1", 1), ("t", "w1", 9, "0"), ("u", "new_whale", 1, "1")]
    )
    dealt = folds.assign(table, 2, seed=0).set_index("image")["fold"]
    assert dealt["t"] == dealt["u"] == -1  # u although it is a copy of b
    assert sorted(dealt[["a", "b"]]) == [0, 1]


def test_pseudo_labels_change_nothing_for_the_others(ocean):
    more = labels([("t1", "w1", 900, "0"), ("t2", "single3", 901, "1")])
    dealt = folds.assign(pd.concat([ocean, more], ignore_index=True), 3, seed=0)
    assert dealt["fold"][: len(ocean)].tolist() == folds.assign(ocean, 3, 0)["fold"].tolist()


def test_a_partition_is_its_labelled_photographs_and_their_folds():
    table = folds.assign(labels([("a", "w1", 0), ("b", "w1", 1), ("c", "w2", 2)]), 2, seed=0)
    own = folds.partition(table)
    assert folds.partition(table[::-1]) == own and len(own) == 10
    more = table.iloc[:1].assign(image="t", only_fold="1", fold=-1)
    assert folds.partition(pd.concat([table, more])) == own
    assert folds.partition(table.assign(fold=1 - table["fold"])) != own


def test_pseudo_labels_of_other_folds_are_refused(ocean):
    """Fold 0 of one seed is not fold 0 of another: its members saw what this fold holds out."""
    table, other = (folds.assign(ocean, 3, seed) for seed in (0, 1))
    rows = pd.DataFrame({"image": ["t1", "t2"], "partition": folds.partition(table)})
    folds.refuse_others(rows, table)
    folds.refuse_others(rows[:0], other)
    with pytest.raises(ValueError, match="pseudo.csv, row 2: made with the folds .*git checkout"):
        folds.refuse_others(rows, other)


def test_too_few_photographs():
    table = labels([("a", "w1", 0), ("b", "w1", 0), ("c", "w2", 1)])
    with pytest.raises(ValueError, match="2 labelled photographs do not fill 3 folds"):
        folds.assign(table, 3, seed=0)


def test_every_fold_gets_a_share_of_repeated_identities_by_chance_alone():
    """Over many seeds a photograph is in each of 3 folds equally often."""
    table = labels([(f"{i}", f"w{i // 2}", i) for i in range(8)])
    times = np.zeros(3)
    for seed in range(90):
        times[folds.assign(table, 3, seed)["fold"][0]] += 1
    assert times.min() > 15  # 30 expected, standard deviation 4.5
