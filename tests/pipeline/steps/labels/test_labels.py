"""Labels after verdicts, conflict policies and pseudo-labels."""

import pandas as pd
import pytest

from pipeline.data import tables
from pipeline.steps.labels import duplicates, graph
from pipeline.steps.labels import labels as step
from pipeline.system.errors import UserError

NO_PSEUDO_LABELS = pd.DataFrame(columns=tables.COLUMNS["pseudo"])


def images_and_groups(identities: dict[str, str], groups: list[int] | None = None):
    """An "images" table and its groups; an empty identity makes a test image.

    Files whose names begin with the same letter have the same bytes.
    """
    images = pd.DataFrame(
        {
            "image": list(identities),
            "identity": list(identities.values()),
            "split": ["train" if identity else "test" for identity in identities.values()],
            "sha256": [name[0] for name in identities],
        }
    )
    numbers = range(len(images)) if groups is None else groups
    return images, pd.DataFrame({"image": images["image"], "group": numbers})


def decisions(*rows: str) -> pd.DataFrame:
    """Rows of data/review.csv from texts like "a b same"; "a - new" leaves image_b empty."""
    cells = [row.replace("-", "").split(" ") for row in rows]
    table = pd.DataFrame(cells, columns=["image_a", "image_b", "decision"])
    return table.assign(who="me", when="2020-01-01")


def pseudo_labels(*rows: tuple[str, str, int]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["image", "identity", "fold"])
    return table.assign(confidence=0.9, round=1)


def resolve(
    identities, groups=None, policy="majority", review=(), pseudo=NO_PSEUDO_LABELS
) -> pd.DataFrame:
    images, numbers = images_and_groups(identities, groups)
    return step.resolve_labels(images, numbers, policy, decisions(*review), pseudo)


def labels(*args, **kwargs) -> dict[str, str]:
    """The identity of each image, with * if it is not the competition's."""
    table = resolve(*args, **kwargs)
    marks = {"competition": "", "conflict": "*", "review": "*", "pseudo": "*"}
    return {
        image: identity + marks[provenance]
        for image, identity, provenance in zip(
            table["image"], table["identity"], table["provenance"], strict=True
        )
    }


def test_without_conflicts_and_decisions_the_labels_are_the_competitions():
    table = resolve({"a": "w1", "b": "new_whale", "c": ""})
    assert table.columns.tolist() == tables.COLUMNS["labels"]
    assert table.to_numpy().tolist() == [
        ["a", "w1", 0, "competition", ""],
        ["b", "new_whale", 1, "competition", ""],
    ]


def test_no_labelled_image_gives_an_empty_table():
    assert resolve({"a": ""}).empty


@pytest.mark.parametrize(
    ("identities", "groups", "expected"),
    [
        ("w1 w2 w2", [0, 0, 0], "w2* w2 w2"),  # two of three
        ("w2 w1", [0, 0], "w1* w1"),  # a tie: alphabetical
        ("w2 w1 w2", [0, 0, 2], "w2 w2* w2"),  # a tie: w2 has more images in total
        ("new_whale new_whale w1", [0, 0, 0], "w1* w1* w1"),  # a known identity wins over new_whale
        ("new_whale new_whale", [0, 0], "new_whale new_whale"),
    ],
)
def test_majority_policy(identities, groups, expected):
    found = labels(dict(zip("abc", identities.split(), strict=False)), groups)
    assert list(found.values()) == expected.split()


def test_first_and_drop_policies():
    identities, groups = {"a": "w1", "b": "w2", "c": "w2", "d": "w3"}, [0, 0, 0, 3]
    assert labels(identities, groups, "first") == {"a": "w1", "b": "w1*", "c": "w1*", "d": "w3"}
    assert labels(identities, groups, "drop") == {"d": "w3"}


def test_provenance_tells_what_changed_a_label():
    identities = {"a": "w1", "b": "w2", "c": "w3", "d": "w3", "e": "w4"}
    table = resolve(identities, [0, 0, 2, 3, 4], review=["c e same"])
    assert table["provenance"].tolist() == [
        "competition", "conflict", "competition", "competition", "review",
    ]  # fmt: skip


class TestSame:
    def test_joins_whole_identities_under_the_larger_ones_name(self):
        identities = {"a": "w1", "b": "w2", "c": "w2", "d": "w1", "e": "w2"}
        assert labels(identities, review=["a b same"]) == {
            "a": "w2*", "b": "w2", "c": "w2", "d": "w2*", "e": "w2",
        }  # fmt: skip

    def test_ties_are_broken_alphabetically(self):
        assert labels({"a": "w2", "b": "w1"}, review=["a b same"]) == {"a": "w1*", "b": "w1"}

    def test_is_transitive(self):
        found = labels({"a": "w3", "b": "w2", "c": "w1"}, review=["a b same", "b c same"])
        assert found == {"a": "w1*", "b": "w1*", "c": "w1"}

    def test_a_known_identity_names_only_the_linked_new_whale(self):
        identities = {"a": "new_whale", "b": "w1", "c": "new_whale", "d": "new_whale"}
        found = labels(identities, [0, 1, 2, 0], review=["a b same"])
        assert found == {"a": "w1*", "b": "w1", "c": "new_whale", "d": "w1*"}  # d is a's duplicate

    def test_two_new_whales_become_a_new_identity(self):
        identities = {"b.jpg": "new_whale", "a.jpg": "new_whale", "c.jpg": "new_whale"}
        found = labels(identities, review=["b.jpg a.jpg same"])
        assert found == {"b.jpg": "review_a*", "a.jpg": "review_a*", "c.jpg": "new_whale"}

    @pytest.mark.fault(
        "review",
        "photographs of two new individuals have one name but for their endings",
        "two individuals with two names",
    )
    def test_two_new_individuals_have_two_names(self):
        identities = dict.fromkeys(["a.jpg", "b.jpg", "a.png", "c.jpg"], "new_whale")
        found = labels(identities, review=["a.jpg b.jpg same", "a.png c.jpg same"])
        assert found == {
            "a.jpg": "review_a*", "b.jpg": "review_a*",
            "a.png": "review_a.png*", "c.jpg": "review_a.png*",
        }  # fmt: skip
        found = labels(identities, review=["a.png c.jpg same", "a.jpg b.jpg same"])
        assert found["a.png"] == "review_a*" and found["b.jpg"] == "review_a.jpg*"

    def test_a_name_that_an_individual_has_is_not_given_again(self):
        identities = {"a.jpg": "new_whale", "b.jpg": "new_whale", "c.jpg": "review_a"}
        found = labels(identities, review=["a.jpg b.jpg same"])
        assert found == {"a.jpg": "review_a.jpg*", "b.jpg": "review_a.jpg*", "c.jpg": "review_a"}
        identities["d.jpg"] = "review_a.jpg"
        with pytest.raises(UserError, match="review_a and review_a.jpg are names of other"):
            labels(identities, review=["a.jpg b.jpg same"])

    def test_duplicates_that_are_the_same_stay_new_whale(self):
        found = labels({"a": "new_whale", "b": "new_whale"}, [0, 0], review=["a b same"])
        assert found == {"a": "new_whale", "b": "new_whale"}

    def test_joined_identities_are_no_conflict(self):
        found = labels({"a": "w1", "b": "w2"}, [0, 0], "drop", review=["a b same"])
        assert found == {"a": "w1", "b": "w1*"}

    def test_test_images_get_no_label(self):
        assert labels({"a": "w1", "b": ""}, review=["a b same"]) == {"a": "w1"}


class TestDifferent:
    def test_splits_the_group_so_that_both_keep_their_label(self):
        table = resolve({"a": "w1", "b": "w2"}, [0, 0], review=["b a different"])
        assert table["identity"].tolist() == ["w1", "w2"] and table["group"].tolist() == [0, 1]

    def test_byte_identical_files_stay_together_and_the_others_stay_with_the_first(self):
        identities = {"a": "w1", "b": "w1", "c": "w1", "b2": "w1", "a2": "w1"}
        table = resolve(identities, [0] * 5, review=["b a different"])
        assert table["group"].tolist() == [0, 1, 0, 1, 0]

    def test_three_that_all_differ(self):
        review = ["a b different", "b c different", "a c different"]
        table = resolve({"a": "w1", "b": "w1", "c": "w1"}, [0, 0, 0], review=review)
        assert table["group"].tolist() == [0, 1, 2]

    def test_a_test_image_leaves_the_group_of_its_duplicate(self):
        pseudo = pseudo_labels(("b", "w2", 0))
        identities = {"a": "w1", "b": "", "c": "w2"}
        table = resolve(identities, [0, 0, 2], review=["a b different"], pseudo=pseudo)
        assert table.set_index("image")["group"].to_dict() == {"a": 0, "b": 1, "c": 2}

    def test_a_file_can_not_differ_from_itself(self):
        with pytest.raises(ValueError, match="row 2: a and a2 are the same file"):
            resolve({"a": "w1", "a2": "w1"}, [0, 0], review=["a a2 different"])

    def test_a_contradicting_path_of_same_is_named(self):
        review = ["a b same", "a c different", "b c same"]
        identities = {"a": "w1", "b": "w2", "c": "w3"}
        message = "row 3 says that a and c differ, same in rows 2, 4 joins them"
        with pytest.raises(ValueError, match=message):
            resolve(identities, review=review)

    def test_a_contradiction_through_an_identity_is_named(self):
        identities = {"a": "w1", "b": "w2", "c": "w2"}
        with pytest.raises(ValueError, match="row 3 says that a and c differ, same in rows 2"):
            resolve(identities, review=["a b same", "a c different"])

    def test_an_undecidable_wrong_label_is_named(self):
        identities = {"a": "w1", "b": "w1", "c": "new_whale", "d": "new_whale"}
        with pytest.raises(ValueError, match="row 2: a and b differ, but both have the label w1"):
            resolve(identities, review=["a b different"])
        found = labels(identities, review=["b - new", "a b different", "c d different"])
        assert found == {"a": "w1", "b": "new_whale*", "c": "new_whale", "d": "new_whale"}


class TestCorrections:
    """p is the photograph with a wrong label; a and b are of w1 and w2, two photographs each."""

    ALONE = {"a": "w1", "A": "w1", "b": "w2", "B": "w2", "p": "w1"}
    DUPLICATES = {"a": "w1", "A": "w1", "b": "w2", "B": "w2", "p": "w1", "q": "w2"}  # of p
    GROUPS = [0, 1, 2, 3, 4, 4]

    def found(self, *review: str, policy="majority", **more: str) -> str:
        """The labels of p and its duplicate q; no other label changes."""
        identities = self.DUPLICATES | more
        groups = [*self.GROUPS, *range(6, len(identities))]
        table = labels(identities, groups, policy, review=review)
        others = {name: table[name] for name in "aAbB"}
        assert others == {name: self.DUPLICATES[name] for name in "aAbB"}
        return " ".join(table.get(name, "-") for name in ["p", "q", *more])

    @pytest.mark.parametrize(
        "review", [["p a different", "p b same"], ["b p same", "a p different"]]
    )
    def test_a_wrong_label_of_one_photograph_is_corrected(self, review):
        found = labels(self.ALONE, review=review)
        assert found == self.ALONE | {"p": "w2*"}

    def test_same_as_a_new_whale_does_not_tell_which_label_is_wrong(self):
        identities = {"a": "w1", "b": "new_whale", "p": "w1"}
        with pytest.raises(ValueError, match="row 3: p and a differ, but both have the label w1"):
            labels(identities, review=["p b same", "p a different"])

    def test_two_photographs_in_doubt_are_undecidable(self):
        review = ["p b same", "a B same", "p a different"]
        with pytest.raises(ValueError, match="row 4: p and a differ, but both have the label w1"):
            labels(self.ALONE, review=review)

    def test_without_verdicts_the_policy_decides_on_duplicates(self):
        assert self.found() == "w1 w1*"

    @pytest.mark.parametrize("verdict", ["p b same", "B q same", "p a different"])
    @pytest.mark.parametrize("policy", ["majority", "first", "drop"])
    def test_a_verdict_tells_which_of_two_labels_duplicates_keep(self, verdict, policy):
        """It joins no individuals, whichever of the duplicates it names."""
        assert self.found(verdict, policy=policy) == "w2* w2"

    def test_duplicates_can_lose_both_labels(self):
        review = ["p a different", "q b different"]
        assert self.found(*review) == "new_whale* new_whale*"
        assert self.found(*review, "p r same", r="w3") == "w3* w3* w3"

    def test_duplicates_can_get_a_third_label(self):
        assert self.found("p r same", r="w3") == "w3* w3* w3"

    def test_a_linked_new_whale_follows_the_policy(self):
        assert self.found("q r same", r="new_whale") == "w1 w1* w1*"
        assert self.found("q r same", r="new_whale", policy="drop") == "- - new_whale"

    def test_same_as_duplicates_with_one_label_in_common(self):
        identities = self.DUPLICATES | {"r": "w2", "s": "w3"}
        found = labels(identities, [*self.GROUPS, 6, 6], review=["p s same"])
        assert [found[name] for name in "pqrs"] == ["w2*", "w2", "w2", "w2*"]

    def test_duplicates_that_are_the_same_have_two_right_labels(self):
        found = labels(self.DUPLICATES, self.GROUPS, review=["p q same", "p A same"])
        assert found == {
            name: "w1" if label == "w1" else "w1*" for name, label in self.DUPLICATES.items()
        }

    def test_a_new_whale_between_duplicates_and_their_identity(self):
        """q is the same as n, and n as b: no individuals are joined."""
        review = ["q n same", "n b same"]
        for policy in ("majority", "first", "drop"):
            assert self.found(*review, policy=policy, n="new_whale") == "w2* w2 w2*"

    def test_duplicates_with_two_identities_join_these(self):
        review = ["p a same", "p b same"]
        found = labels(self.DUPLICATES, self.GROUPS, "drop", review=review)
        assert set(found.values()) <= {"w1", "w1*"} and len(found) == 6
        with pytest.raises(ValueError, match="row 4 says that A and B differ, same in rows"):
            labels(self.DUPLICATES, self.GROUPS, "drop", review=[*review, "A B different"])

    def test_two_groups_of_duplicates(self):
        """p and q, and r and s, have the same two labels."""
        identities = self.DUPLICATES | {"r": "w1", "s": "w2"}
        groups = [*self.GROUPS, 6, 6]

        def found(*review: str) -> str:
            table = labels(identities, groups, review=review)
            assert all(table[name] == identities[name] for name in "aAbB")
            return " ".join(table[name] for name in "pqrs")

        assert found("p a same", "r b same", "p r different") == "w1 w1* w2* w2"
        with pytest.raises(UserError, match="p and s differ, but both have the label w1"):
            found("p s different")  # the policy would give both w1
        assert found("p s different", "s b same") == "w1 w1* w2* w2"
        assert found("p r same") == found("p s same") == "w1 w1* w1 w1*"

    def test_a_removed_label_tells_nothing_about_others(self):
        """p is not w1, and the same as r and s, which are w2 or w3."""
        identities = {"a": "w1", "b": "w2", "c": "w3", "p": "w1", "r": "w2", "s": "w3"}
        found = labels(identities, [0, 1, 2, 3, 4, 4], review=["p r same", "p a different"])
        assert found == identities | {"p": "w2*", "s": "w2*"}

    def test_a_tie_is_broken_by_all_labels(self):
        identities = {"a": "w1", "b": "w2", "B": "w2", "c": "w2", "p": "w1", "q": "w2"}
        identities |= {"r": "new_whale"}
        found = labels(identities, [0, 1, 2, 3, 4, 4, 6], review=["q r same"])
        assert found == identities | {"p": "w2*", "r": "w2*"}

    def test_same_between_duplicates_with_one_label_has_no_effect(self):
        identities = self.DUPLICATES | {"P": "w1"}
        found = labels(identities, [*self.GROUPS, 4], review=["p P same", "p b same"])
        assert found == identities | {"p": "w2*", "P": "w2*"}

    def test_the_policy_decides_on_the_rest_of_three_labels(self):
        identities = {"a": "w1", "p": "w1", "q": "w3", "r": "w2", "s": "w2"}
        groups, review = [0, 1, 1, 1, 1], ["p a different"]
        for policy, name in (("majority", "w2"), ("first", "w3")):
            found = labels(identities, groups, policy, review=review)
            assert {found[image].rstrip("*") for image in "pqrs"} == {name}

    def test_a_contradiction_after_a_correction(self):
        review = ["p a different", "p b same", "B A same"]
        with pytest.raises(ValueError, match="row 2 says that p and a differ, same in rows 3, 4"):
            labels(self.ALONE, review=review)


class TestOneNameOfTwoAnimals:
    """All of a to f have the name w1."""

    def found(self, *review: str) -> str:
        """The photographs that keep the name, then those that are unnamed, then new individuals."""
        table = pd.Series(labels(dict.fromkeys("abcdef", "w1"), review=review))
        parts = table.groupby(table, sort=False).groups
        names = ["w1", "new_whale*", *sorted(set(parts) - {"w1", "new_whale*"})]
        return " ".join(f"{''.join(parts.get(name, []))}:{name}" for name in names)

    def test_the_name_stays_where_a_third_photograph_confirms_it(self):
        expected = "abcde:w1 f:new_whale*"
        assert self.found("a b same", "f a different") == expected
        assert self.found("a f different", "b a same") == expected

    def test_same_that_leads_to_the_different_one_is_a_contradiction(self):
        with pytest.raises(ValueError, match="row 2 says that f and a differ, same in rows 4, 3"):
            self.found("f a different", "a b same", "f b same")

    def test_the_side_that_was_confirmed_first_keeps_it_whole_however_the_other_grows(self):
        review = ["d e same", "b c same", "d b different"]
        assert self.found(*review) == "adef:w1 :new_whale* bc:review_b*"
        assert self.found(*review, "c a same") == "def:w1 :new_whale* abc:review_a*"

    def test_a_side_that_has_lost_the_name_tells_nothing_of_others(self):
        review = ["a b same", "e f same", "d e different", "e a different"]
        assert self.found(*review) == "abcd:w1 :new_whale* ef:review_e*"

    def test_a_repeated_same_is_as_old_as_its_first_row(self):
        review = ["a b same", "d e same", "a d different", "b a same"]
        assert self.found(*review) == "abcf:w1 :new_whale* de:review_d*"

    def test_a_side_is_confirmed_when_two_of_its_photographs_meet(self):
        """n is of another individual, and was joined to d before all else."""
        identities = dict.fromkeys("abcd", "w1") | {"n": "new_whale"}
        review = ["n d same", "a b same", "a d different", "d c same"]
        found = labels(identities, review=review)
        assert found == {"a": "w1", "b": "w1", **dict.fromkeys("cdn", "review_c*")}

    def test_a_confirmed_photograph_keeps_its_name_whatever_else_it_is_called(self):
        identities = dict.fromkeys("abd", "w1") | {"x": "w2"}
        found = labels(identities, review=["a x same", "a b same", "d a different"])
        assert found == {"a": "w1", "b": "w1", "d": "new_whale*", "x": "w1*"}

    def test_a_contradiction_by_way_of_duplicates_is_named(self):
        identities = {"a": "w1", "A": "w1", "b": "w1"}
        with pytest.raises(ValueError, match="row 3 says that a and b differ, same in rows 2"):
            labels(identities, [0, 0, 2], review=["A b same", "a b different"])

    def test_two_single_photographs_are_undecidable(self):
        with pytest.raises(ValueError, match="row 3: c and d differ, but both have the label w1"):
            self.found("a b same", "c d different")

    def test_an_unlabelled_photograph_may_join_a_side(self):
        identities = {"a": "w1", "b": "w1", "c": "w1", "n": "new_whale"}
        found = labels(identities, review=["a n same", "n b same", "c a different"])
        assert found == {"a": "w1", "b": "w1", "c": "new_whale*", "n": "w1*"}


class TestNew:
    def test_takes_a_photograph_and_its_duplicates_out_of_their_identity(self):
        identities = {"a": "w1", "b": "w1", "c": "w1"}
        found = labels(identities, [0, 1, 0], review=["a - new"])
        assert found == {"a": "new_whale*", "b": "w1", "c": "new_whale*"}

    def test_overrides_the_conflict_policy(self):
        found = labels({"a": "w1", "b": "w2"}, [0, 0], review=["a b new"])
        assert found == {"a": "new_whale*", "b": "new_whale*"}

    def test_contradicts_same(self):
        with pytest.raises(ValueError, match="row 3 says that a is new, row 2 joins it"):
            resolve({"a": "w1", "b": "w2"}, review=["a b same", "a - new"])

    def test_concerns_only_its_photograph_after_duplicates_are_split(self):
        """a, a former duplicate of b, is new; b and c, with one label, differ nevertheless."""
        identities = {"a": "w1", "b": "w1", "c": "w1"}
        review = ["a - new", "a b different", "b c different"]
        with pytest.raises(ValueError, match="row 4: b and c differ, but both have the label w1"):
            labels(identities, [0, 0, 2], review=review)


class TestVerdicts:
    @pytest.mark.parametrize("last", ["b a undo", "a b unsure", "b a different"])
    def test_a_later_row_replaces_an_earlier_one_in_either_order(self, last):
        found = labels({"a": "w1", "b": "w2"}, review=["a b same", last])
        assert found == {"a": "w1", "b": "w2"}

    def test_new_can_be_undone(self):
        assert labels({"a": "w1"}, review=["a - new", "a - undo"]) == {"a": "w1"}

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("a z same", "row 2: there is no image 'z'"),
            ("a - same", "row 2: there is no image ''"),
            ("a b maybe", "row 2: 'maybe' is none of same, different"),
            ("a a same", "row 2: a is paired with itself"),
        ],
    )
    def test_invalid_rows_are_named(self, row, reason):
        with pytest.raises(ValueError, match=reason):
            resolve({"a": "w1", "b": "w2"}, review=[row])


class TestName:
    def test_a_test_photograph_becomes_a_labelled_one(self):
        table = resolve({"a": "w1", "b": "", "c": "", "d": ""}, review=["b Anna name", "c w1 name"])
        assert table.to_numpy().tolist() == [
            ["a", "w1", 0, "competition", ""],
            ["b", "Anna", 1, "named", ""],
            ["c", "w1", 2, "named", ""],
        ]

    @pytest.mark.parametrize(
        ("last", "expected"),
        [("b Bo name", {"b": "Bo"}), ("b - undo", {}), ("b - new", {})],
    )
    def test_the_last_word_on_a_photograph_holds(self, last, expected):
        found = resolve({"a": "w1", "b": ""}, review=["b Anna name", last])
        named = found[found["provenance"] == "named"]
        assert dict(zip(named["image"], named["identity"], strict=True)) == expected

    def test_same_between_two_names_joins_them(self):
        review = ["b Anna name", "c Bo name", "d Bo name", "b c same"]
        found = resolve({"a": "w1", "b": "", "c": "", "d": ""}, review=review)
        assert found["identity"].tolist() == ["w1", "Bo", "Bo", "Bo"]
        assert found["provenance"].tolist() == ["competition", *["named"] * 3]

    def test_two_of_one_name_that_differ_are_refused(self):
        with pytest.raises(UserError, match="row 4: b and c differ, but both have the label Anna"):
            resolve(
                {"a": "w1", "b": "", "c": ""},
                review=["b Anna name", "c Anna name", "b c different"],
            )

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("b new_whale name", "row 2: identity new_whale is the word for a new individual"),
            ("b - name", "row 2: the identity is empty"),
            ("a Anna name", "row 2: a has a label in the competition, which `same` and"),
            ("x Anna name", "row 2: there is no image 'x'"),
        ],
    )
    def test_what_cannot_be_named_is_a_fault(self, row, reason):
        with pytest.raises(UserError, match=reason):
            resolve({"a": "w1", "b": ""}, review=[row])

    def test_a_pseudo_label_gives_way(self):
        pseudo = pseudo_labels(("b", "w1", 0))
        found = resolve({"a": "w1", "b": ""}, review=["b Anna name"], pseudo=pseudo)
        assert found["identity"].tolist() == ["w1", "Anna"]


class TestPseudo:
    def test_test_images_are_labelled_for_one_fold(self):
        pseudo = pseudo_labels(("b", "w1", 0), ("b", "w1", 2))
        table = resolve({"a": "w1", "b": ""}, pseudo=pseudo)
        assert table.to_numpy().tolist() == [
            ["a", "w1", 0, "competition", ""],
            ["b", "w1", 1, "pseudo", "0"],
            ["b", "w1", 1, "pseudo", "2"],
        ]

    def test_labels_that_a_reviewer_contradicts_are_left_out(self):
        """b is not the animal of a and c; d may be that animal, and b another."""
        identities = {"a": "w1", "b": "", "c": "w1", "d": "", "e": "w2"}
        rows = pseudo_labels(("b", "w1", 0), ("b", "w2", 1), ("d", "w1", 0))
        for review in (["a b different"], ["b a different"]):
            table = resolve(identities, review=review, pseudo=rows)
            accepted = table.loc[table["provenance"] == "pseudo", ["image", "identity"]]
            assert accepted.to_numpy().tolist() == [["b", "w2"], ["d", "w1"]]

    def test_identities_are_renamed_as_by_review(self):
        identities = {"a": "w1", "b": "w2", "c": ""}
        pseudo = pseudo_labels(("c", "w2", 0))
        assert labels(identities, review=["a b same"], pseudo=pseudo)["c"] == "w1*"

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (("a", "w1", 1), "row 3: a is neither in the test nor unlabelled"),
            (("b", "w9", 1), "row 3: 'w9' is not a known identity"),
            (("b", "new_whale", 1), "row 3: 'new_whale' is not a known identity"),
            (("b", "w1", 0), "row 3: b has a label for fold 0 already"),
        ],
    )
    def test_faults_are_named(self, row, reason):
        with pytest.raises(ValueError, match=reason):
            resolve({"a": "w1", "b": ""}, pseudo=pseudo_labels(("b", "w1", 0), row))

    def test_two_rounds_in_one_file_are_a_fault(self):
        rows = pseudo_labels(("b", "w1", 0), ("b", "w1", 1)).assign(round=[1, 2])
        with pytest.raises(ValueError, match=r"has rounds \[1, 2\]: one at a time"):
            resolve({"a": "w1", "b": ""}, pseudo=rows)


def test_components_and_paths():
    links = [(2, "a", "b"), (3, "c", "d"), (4, "b", "c"), (5, "x", "y")]
    assert [sorted(nodes) for nodes in graph.connected_components(links)] == [
        list("abcd"),
        list("xy"),
    ]
    assert graph.shortest_path(links, "a", "d") == [2, 4, 3]
    assert graph.shortest_path(links, "a", "x") == []


class TestDuplicates:
    """Groups 0 (a and b in train, e and g in test) and 5 (f, in test alone)."""

    IDENTITIES = {"a": "w1", "b": "w2", "c": "w3", "e": "", "g": "", "f": ""}
    GROUPS = [0, 0, 2, 0, 0, 5]

    def found(self, *review: str) -> list[list[str]]:
        images, groups = images_and_groups(self.IDENTITIES, self.GROUPS)
        return duplicates.find_duplicates(images, groups, decisions(*review)).to_numpy().tolist()

    def test_a_test_image_has_the_first_labelled_duplicate(self):
        assert self.found() == [["e", "a", "w1"], ["g", "a", "w1"]]

    def test_a_pair_that_differs_is_no_duplicate(self):
        assert self.found("a e different", "b e different") == [["g", "a", "w1"]]

    def test_a_photograph_that_is_new_has_no_label(self):
        assert self.found("e  new") == [["g", "a", "w1"]]

    def test_a_named_photograph_is_its_own_and_names_its_duplicates(self):
        images, groups = images_and_groups({"a": "w1", "b": "", "c": "", "d": ""}, [0, 1, 1, 0])
        found = duplicates.find_duplicates(images, groups, decisions("c Anna name"))
        assert sorted(found.to_numpy().tolist()) == [
            ["b", "c", "Anna"], ["c", "c", "Anna"], ["d", "a", "w1"],
        ]  # fmt: skip

    def test_without_test_images_the_table_is_empty(self):
        images, groups = images_and_groups({"a": "w1", "b": "w1"}, [0, 0])
        assert duplicates.find_duplicates(images, groups, decisions()).empty


@pytest.mark.fault("tables", "a pseudo-label for a fold that does not exist", "the row is named")
def test_a_pseudo_label_of_an_unknown_fold_is_refused():
    rows = pseudo_labels(("a", "w1", 4), ("b", "w1", 99))
    with pytest.raises(UserError, match="pseudo.csv, row 3: there is no fold 99, folds.count is 5"):
        step.pseudo_labels.check_folds(rows, 5)
