"""Every breach of the contract is refused."""

import pandas as pd
import pytest

from pipeline.steps.submission import contract

VOCABULARY = {"new_whale", "a", "b", "c", "d", "e"}
GOOD = {"1.jpg": ["a", "b", "c", "d", "e"], "2.jpg": ["new_whale", "b", "a", "d", "e"]}


def check(answers: dict, sample=("2.jpg", "1.jpg"), vocabulary=VOCABULARY, form="map5") -> None:
    contract.check_answers(pd.Series(answers), sample, vocabulary, form)


def test_good_answers_pass_in_any_order():
    check(GOOD)


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", "c", "d"],
        ["a", "b", "c", "d", "e", "new_whale"],
        ["a", "b", "c", "d", "a"],
        ["a", "b", "c", "d", "unknown"],
        ["a", "b", "c", "d", ""],
        [],
    ],
    ids=["short", "long", "repeated", "unknown", "blank", "empty"],
)
def test_a_faulty_answer_is_named(labels):
    with pytest.raises(ValueError, match="1.jpg"):
        check(GOOD | {"1.jpg": labels})


def test_a_missing_image_is_named():
    with pytest.raises(ValueError, match="missing .*'2.jpg'"):
        check({"1.jpg": GOOD["1.jpg"]})


def test_an_extra_image_is_named():
    with pytest.raises(ValueError, match="extra .*'3.jpg'"):
        check(GOOD | {"3.jpg": GOOD["1.jpg"]})


def test_an_image_answered_twice_is_refused():
    twice = pd.Series([GOOD["1.jpg"]] * 3, index=["1.jpg", "1.jpg", "2.jpg"])
    with pytest.raises(ValueError, match="one per test image"):
        contract.check_answers(twice, ["1.jpg", "2.jpg"], VOCABULARY, "map5")


def test_a_small_vocabulary_makes_short_answers():
    few = {"new_whale", "a", "b"}
    answers = {"1.jpg": ["b", "new_whale", "a"]}
    check(answers, ["1.jpg"], few)
    with pytest.raises(ValueError, match="3 distinct labels"):
        check({"1.jpg": ["b", "a"]}, ["1.jpg"], few)


@pytest.mark.parametrize(
    ("form", "good", "faulty"),
    [
        ("single", ["a"], ["a", "b"]),
        ("single", ["new_whale"], ["unknown"]),
        ("clusters", ["cluster_lynx_7"], ["cluster_lynx_7", "b"]),
        ("clusters", ["cluster_0"], [""]),
    ],
)
def test_other_formats_have_one_label(form, good, faulty):
    check({"1.jpg": good, "2.jpg": good}, form=form)
    with pytest.raises(ValueError, match="1.jpg"):
        check({"1.jpg": faulty, "2.jpg": good}, form=form)
