"""Folds keep duplicates together, spread identities, and have equal sizes."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from pipeline.data import gallery
from pipeline.steps.folds import folds
from pipeline.steps.folds.distribution import distribute
from pipeline.steps.folds.whole import choose_whole
from pipeline.system.errors import UserError


def labels(rows: list[tuple]) -> pd.DataFrame:
    """From (image, identity, group) or (image, identity, group, only_fold)."""
    padded = [(*row, "")[:4] for row in rows]
    table = pd.DataFrame(padded, columns=["image", "identity", "group", "only_fold"])
    return table.assign(provenance="given")[
        ["image", "identity", "group", "provenance", "only_fold"]
    ]


@pytest.fixture
def ocean() -> pd.DataFrame:
    """w0 to w11 with 2, 3 .. 13 photographs, 20 single ones, 36 new_whale; some duplicates."""
    names = [f"w{i}" for i in range(12) for _ in range(i + 2)]
    names += [f"single{i}" for i in range(20)] + ["new_whale"] * 36
    rows = [(f"{group:03}.jpg", name, group) for group, name in enumerate(names)]
    rows += [(f"copy{group:03}.jpg", name, group) for group, name in list(enumerate(names))[::5]]
    return labels(rows)


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_folds_follow_the_protocol(ocean, count, seed):
    assigned = folds.assign_folds(ocean, count, seed)
    assert list(assigned.columns) == ["image", "identity", "group", "only_fold", "fold"]
    assert assigned["image"].equals(ocean["image"])
    assert set(assigned["fold"]) == set(range(count))
    assert assigned.groupby("group")["fold"].nunique().max() == 1
    photographs = assigned.drop_duplicates("group")
    for name, rows in photographs[photographs["identity"] != "new_whale"].groupby("identity"):
        assert rows["fold"].nunique() == min(len(rows), count), name
        assert spread(rows["fold"], count) <= 1, name
    single = photographs["identity"].str.startswith("single")
    new = photographs["identity"] == "new_whale"
    for rows in (photographs[single], photographs[new], photographs[~single & ~new]):
        assert spread(rows["fold"], count) <= 1
    assert spread(photographs["fold"], count) <= 2


def spread(fold: pd.Series, count: int) -> int:
    """Size of the largest minus that of the smallest fold."""
    sizes = Counter(fold.tolist())
    return max(sizes[i] for i in range(count)) - min(sizes[i] for i in range(count))


def test_the_same_seed_gives_the_same_folds_and_another_does_not(ocean):
    first = folds.assign_folds(ocean, 3, seed=5)
    assert first.equals(folds.assign_folds(ocean, 3, seed=5))
    assert not first["fold"].equals(folds.assign_folds(ocean, 3, seed=6)["fold"])


def test_neither_the_order_of_the_rows_nor_the_groups_numbers_matter(ocean):
    expected = folds.assign_folds(ocean, 3, seed=0).set_index("image")["fold"]
    shuffled = ocean.sample(frac=1, random_state=1).reset_index(drop=True)
    shuffled["group"] = shuffled["group"].map(lambda group: (7 * group) % 1009)
    assigned = folds.assign_folds(shuffled, 3, seed=0).set_index("image")["fold"]
    assert assigned[expected.index].equals(expected)


def test_duplicates_count_as_one_photograph():
    """w1 has two files of one photograph: both go to one fold."""
    table = labels([("a", "w1", 0), ("b", "w1", 0), ("c", "w2", 1), ("d", "w3", 2)])
    assigned = folds.assign_folds(table, 3, seed=0).set_index("image")["fold"]
    assert assigned["a"] == assigned["b"]
    assert sorted(assigned[["a", "c", "d"]]) == [0, 1, 2]


def test_pseudo_labels_are_never_held_out():
    table = labels(
        [("a", "w1", 0), ("b", "w1", 1), ("t", "w1", 9, "0"), ("u", "new_whale", 1, "1")]
    )
    assigned = folds.assign_folds(table, 2, seed=0).set_index("image")["fold"]
    assert assigned["t"] == assigned["u"] == -1  # u although it is a duplicate of b
    assert sorted(assigned[["a", "b"]]) == [0, 1]


def test_pseudo_labels_do_not_change_the_other_rows(ocean):
    more = labels([("t1", "w1", 900, "0"), ("t2", "single3", 901, "1")])
    assigned = folds.assign_folds(pd.concat([ocean, more], ignore_index=True), 3, seed=0)
    assert (
        assigned["fold"][: len(ocean)].tolist() == folds.assign_folds(ocean, 3, 0)["fold"].tolist()
    )


def test_the_partitions_hash_depends_on_labelled_images_and_their_folds():
    table = folds.assign_folds(labels([("a", "w1", 0), ("b", "w1", 1), ("c", "w2", 2)]), 2, seed=0)
    partition = folds.hash_partition(table)
    assert folds.hash_partition(table[::-1]) == partition and len(partition) == 10
    more = table.iloc[:1].assign(image="t", only_fold="1", fold=-1)
    assert folds.hash_partition(pd.concat([table, more])) == partition
    assert folds.hash_partition(table.assign(fold=1 - table["fold"])) != partition


def test_pseudo_labels_of_other_folds_are_refused(ocean):
    """Members of other folds were trained on what a fold of this seed holds out."""
    table, other = (folds.assign_folds(ocean, 3, seed) for seed in (0, 1))
    rows = pd.DataFrame({"image": ["t1", "t2"], "partition": folds.hash_partition(table)})
    folds.check_partition(rows, table)
    folds.check_partition(rows[:0], other)
    with pytest.raises(ValueError, match="pseudo.csv, row 2: made with the folds .*git checkout"):
        folds.check_partition(rows, other)


def test_fewer_photographs_than_folds_are_refused():
    table = labels([("a", "w1", 0), ("b", "w1", 0), ("c", "w2", 1)])
    with pytest.raises(ValueError, match="2 labelled photographs do not fill 3 folds"):
        folds.assign_folds(table, 3, seed=0)


def test_photographs_of_repeated_identities_are_in_every_fold_equally_often():
    """Over many seeds a photograph is in each of 3 folds equally often."""
    table = labels([(f"{i}", f"w{i // 2}", i) for i in range(8)])
    times = np.zeros(3)
    for seed in range(90):
        times[folds.assign_folds(table, 3, seed)["fold"][0]] += 1
    assert times.min() > 15  # 30 expected, standard deviation 4.5


@pytest.mark.fault(
    "folders",
    "duplicates leave a member a single individual to learn from",
    "refused by the stage `folds`, not by `train`",
)
def test_every_member_learns_from_two_individuals():
    rows = [("1.jpg", "a", 0), ("2.jpg", "a", 1), ("3.jpg", "b", 2), ("4.jpg", "b", 2)]
    table = labels(rows).assign(fold=[0, 1, 1, 1], part=0)
    folds.check_training(table, [0])
    with pytest.raises(UserError, match="fold 1 held out, a member would learn from one indiv.*a"):
        folds.check_training(table, [0, 1])


def spread_herd(individuals: int, each: int) -> pd.DataFrame:
    """So many individuals with so many photographs each, none of them new."""
    names = [f"w{i:02}" for i in range(individuals) for _ in range(each)]
    return labels([(f"{i:03}.jpg", name, i) for i, name in enumerate(names)])


def choose_whole_of(herd: pd.DataFrame, count: int, seed: int) -> frozenset[str]:
    """The individuals that are held out whole where all photographs are of groups of their own."""
    identities = herd.sort_values("image")["identity"].reset_index(drop=True)
    return choose_whole(identities, distribute(identities, count, seed), count, seed)


def find_whole(assigned: pd.DataFrame) -> set[str]:
    return {str(name) for name, rows in assigned.groupby("identity") if rows["fold"].nunique() == 1}


@pytest.mark.fault(
    "evaluation",
    "no labelled photograph is new and every individual has several",
    "a fifth of the individuals is held out whole, some in every fold, and the log says so",
)
@pytest.mark.parametrize("count, individuals, whole", [(2, 10, 3), (3, 60, 12), (5, 32, 10)])
@pytest.mark.parametrize("seed", range(4))
def test_whole_individuals_are_held_out_if_nothing_else_is_new(count, individuals, whole, seed):
    assigned = folds.assign_folds(spread_herd(individuals, count + 1), count, seed)
    held_out = find_whole(assigned)
    assert len(held_out) == whole
    in_fold = assigned[assigned["identity"].isin(held_out)].groupby("fold")["identity"].nunique()
    assert len(in_fold) == count and in_fold.max() - in_fold.min() <= 1
    others = assigned[~assigned["identity"].isin(held_out)]
    assert (others.groupby("identity")["fold"].nunique() == count).all()
    assert f"{whole} individuals with {whole * (count + 1)}" in folds.describe_whole(assigned)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_every_fold_has_two_whole_individuals_whatever_their_sizes(count):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        names = [f"w{i:02}" for i in range(8 * count) for _ in range(rng.integers(2, 9))]
        herd = labels([(f"{i:03}.jpg", name, i) for i, name in enumerate(names)])
        assigned = folds.assign_folds(herd, count, seed)
        chosen = choose_whole_of(herd, count, seed)
        whole = assigned[assigned["identity"].isin(chosen)]
        number = whole.groupby("fold")["identity"].nunique()
        assert len(number) == count and number.min() >= 2 and number.max() - number.min() <= 1


@pytest.mark.fault(
    "evaluation",
    "too few individuals to hold any out whole",
    "all are spread; the prior places new_whale and the card says so",
)
@pytest.mark.parametrize("individuals, each, count", [(1, 9, 3), (5, 4, 2), (6, 2, 12)])
def test_few_individuals_are_all_spread(individuals, each, count):
    assigned = folds.assign_folds(spread_herd(individuals, each), count, seed=0)
    assert find_whole(assigned) == set() and folds.describe_whole(assigned) == ""
    assert set(assigned["fold"]) == set(range(count))


@pytest.mark.fault(
    "evaluation",
    "a fold has fewer than ten photographs of new individuals",
    "individuals are held out whole too: a handful does not teach where new_whale belongs",
)
def test_folds_with_new_queries_stay_as_they_are(ocean):
    """Ten new photographs per fold are enough; with 29 in three folds, one fold has nine."""
    new = labels([(f"n{i}.jpg", "new_whale", 900 + i) for i in range(30)])
    herd = pd.concat([spread_herd(9, 4), new], ignore_index=True)
    whole = find_whole(folds.assign_folds(herd, 3, seed=0)) - {"new_whale"}
    assert not whole and folds.describe_whole(folds.assign_folds(ocean, 3, seed=0)) == ""
    few = folds.assign_folds(herd[:-1], 3, seed=0)
    assert find_whole(few) - {"new_whale"}
    new_queries = few[few["identity"].isin({"new_whale"} | find_whole(few))].groupby("fold").size()
    assert new_queries.min() > 10


def test_the_individual_with_most_photographs_is_never_held_out_whole():
    most = labels([(f"m{i}.jpg", "most", 900 + i) for i in range(40)])
    herd = pd.concat([spread_herd(9, 4), most], ignore_index=True)
    for seed in range(20):
        assert "most" not in find_whole(folds.assign_folds(herd, 3, seed))


@pytest.mark.parametrize("count", [1, 2, 4, 9])
@pytest.mark.parametrize("seed", range(3))
def test_parts_split_every_fold_by_photograph(ocean, count, seed):
    """An identity's photographs in a fold are in as many parts as there are; so are new ones."""
    table = folds.assign_parts(folds.assign_folds(ocean, 3, seed), count, seed)
    assert table["image"].equals(ocean["image"])
    assert table.drop(columns="part").equals(folds.assign_folds(ocean, 3, seed))
    assert table.groupby("group")["part"].nunique().max() == 1
    for _, rows in table.drop_duplicates("group").groupby("fold"):
        assert set(rows["part"]) == set(range(count)) and spread(rows["part"], count) <= 2
        for name, own in rows[rows["identity"] != "new_whale"].groupby("identity"):
            assert own["part"].nunique() == min(len(own), count), name
        assert spread(rows.loc[rows["identity"] == "new_whale", "part"], count) <= 1


def test_more_parts_than_photographs_leave_some_empty():
    table = labels([("a", "w1", 0), ("b", "w1", 1), ("c", "w2", 2), ("d", "w2", 3)])
    parts = folds.assign_parts(folds.assign_folds(table, 2, seed=0), 50, seed=0)
    assert parts.groupby("fold")["part"].nunique().tolist() == [2, 2]
    assert parts["part"].between(0, 49).all()


def test_an_identity_that_is_held_out_whole_is_in_one_part():
    """All its photographs are new to the member that holds them out: none may show another."""
    herd = spread_herd(9, 4)
    table = folds.assign_parts(folds.assign_folds(herd, 3, seed=0), 4, seed=0)
    whole = find_whole(table)
    assert len(whole) > 1
    assert table[table["identity"].isin(whole)].groupby("identity")["part"].nunique().eq(1).all()


def test_pseudo_labels_have_no_part():
    table = labels([("a", "w1", 0), ("b", "w1", 1), ("t", "w1", 1, "0")])
    parts = folds.assign_parts(folds.assign_folds(table, 2, seed=0), 2, seed=0)
    assert parts.set_index("image")["part"]["t"] == -1 and (parts["part"][:2] >= 0).all()


def test_parts_do_not_depend_on_the_order_of_the_rows(ocean):
    table = folds.assign_folds(ocean, 3, seed=0)
    expected = folds.assign_parts(table, 4, seed=0).set_index("image")["part"]
    shuffled = folds.assign_parts(table.sample(frac=1, random_state=1), 4, seed=0)
    assert shuffled.set_index("image")["part"][expected.index].equals(expected)


def meet(table: pd.DataFrame, *encounters: list[str]) -> pd.DataFrame:
    """The labels, with the photographs of these encounters in one group."""
    encounter = {image: at for at, image in enumerate(table["image"])}
    for number, images in enumerate(encounters):
        encounter |= dict.fromkeys(images, 1000 + number)
    return folds.join_encounters(table, encounter)


def test_an_encounter_joins_the_duplicates_of_its_photographs():
    """b and c are duplicates, and so are d and e; c and d were taken together."""
    table = labels([("a", "x", 0), ("b", "x", 1), ("c", "x", 1), ("d", "x", 3), ("e", "y", 3)])
    assert meet(table, ["c", "d"])["group"].tolist() == [0, 1, 1, 1, 1]


def test_without_encounters_nothing_changes(ocean):
    assert meet(ocean).equals(ocean)
    assert folds.choose_representatives(ocean)["image"].equals(
        ocean.sort_values("image").drop_duplicates("group")["image"]
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_fold_and_its_parts_never_split_an_encounter(ocean, seed):
    """Encounters of any individuals: two of three photographs are in one with others."""
    rng = np.random.default_rng(seed)
    images = rng.permutation(ocean["image"])
    encounters = [list(images[at : at + 4]) for at in range(0, 2 * len(images) // 3, 4)]
    table = folds.assign_folds(meet(ocean, *encounters), 3, seed)
    table = folds.assign_parts(table, 4, seed).set_index("image")
    for images in encounters:
        assert len(table.loc[images].drop_duplicates(["fold", "part"])) == 1
    photographs = table.drop_duplicates("group")
    counts = np.bincount(photographs["fold"], minlength=3)
    assert counts.max() <= 1.5 * counts.min()


def test_the_encounters_of_an_individual_are_spread():
    """Nine photographs of w in three encounters: one in each fold, as three photographs would."""
    others = [(f"x{i}", f"x{i}", 9 + i) for i in range(3)]
    table = labels([*((f"{i}", "w", i) for i in range(9)), *others])
    table = meet(table, *([f"{3 * at + i}" for i in range(3)] for at in range(3)))
    assigned = folds.assign_folds(table, 3, seed=0)
    assert sorted(assigned["fold"][:9:3]) == [0, 1, 2]


def test_the_rarest_known_individual_stands_for_an_encounter_of_several():
    table = labels([("a", "often", 0), ("b", "rare", 0), ("c", "often", 1), ("d", "new_whale", 0)])
    chosen = folds.choose_representatives(table)
    assert dict(zip(chosen["group"], chosen["identity"], strict=True)) == {0: "rare", 1: "often"}


class TestNamed:
    """Photographs of the test that reviewers have named."""

    def name(self, table: pd.DataFrame, *rows: tuple[str, str, int]) -> pd.DataFrame:
        return pd.concat([table, labels(list(rows)).assign(provenance="named")], ignore_index=True)

    def test_they_are_never_held_out_and_move_no_other_photograph(self, ocean):
        before = folds.assign_folds(ocean, 3, seed=1)
        table = self.name(ocean, ("t1", "Anna", 500), ("t2", "Anna", 501), ("t3", "w1", 502))
        after = folds.assign_folds(table, 3, seed=1)
        assert after[: len(ocean)].equals(before)
        assert after["fold"][len(ocean) :].tolist() == [-1] * 3
        parts = folds.assign_parts(after, 2, seed=1)
        assert parts[: len(ocean)].equals(folds.assign_parts(before, 2, seed=1))
        assert parts["part"][len(ocean) :].tolist() == [-1] * 3
        assert folds.hash_partition(after) == folds.hash_partition(before)
        assert folds.describe_whole(after) == folds.describe_whole(before)

    def test_all_members_learn_from_them_and_all_galleries_have_them(self, ocean):
        table = self.name(ocean, ("t1", "Anna", 500))
        rows = folds.assign_parts(folds.assign_folds(table, 3, seed=1), 2, seed=1)
        for fold in range(3):
            assert "t1" in set(gallery.training_rows(rows, fold)["image"])
            assert "t1" not in set(gallery.held_out_rows(rows, [fold])["image"])
            for part in range(2):
                assert "t1" in set(gallery.gallery_rows(rows, fold, part)["image"])

    def test_what_shares_a_group_with_one_is_not_held_out(self, ocean):
        """It would find the named photograph, of its own encounter, in its gallery."""
        before = folds.assign_folds(ocean, 3, seed=1)
        after = folds.assign_folds(self.name(ocean, ("t1", "Anna", 0)), 3, seed=1)
        own = ocean["group"] == 0
        assert own.sum() == 2 and (after["fold"][: len(ocean)][own] == -1).all()
        assert after[: len(ocean)][~own].equals(before[~own])

    def test_a_fold_without_anything_to_hold_out_is_an_error(self):
        table = labels([("a", "w1", 0), ("b", "w1", 1)])
        with pytest.raises(UserError, match="names photographs of so many encounters"):
            folds.assign_folds(self.name(table, ("t1", "Anna", 0)), 2, seed=1)
