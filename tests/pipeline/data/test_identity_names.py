"""Names of individuals: what a submission can hold, and names that look alike."""

import pandas as pd
import pytest

from pipeline.data import identity_names
from pipeline.data.identity_names import name_fault, name_faults


@pytest.mark.parametrize(
    "name", ["ann", "007", "NA", "w_1a2b", "Zo\u00eb", "\u9be8", "=1+1", "a,b"]
)
def test_any_word_is_a_name(name):
    assert name_fault(name, {"new_whale"}) == ""


@pytest.mark.fault(
    "folders",
    "a name with a space of any kind, with an invisible character, or without any letter",
    "refused by import, competition and enroll alike, with the character's number",
)
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("\u00a0", "is empty"),
        ("ann ", "'ann ' contains a space, which separates"),
        ("Blue 12", "'Blue 12' contains a space, which"),
        ("ann\u00a0", r"'ann\xa0' contains a space (no-break space, U+00A0)"),
        ("\u3000ann", r"contains a space (ideographic space, U+3000)"),
        ("a\tb", r"'a\tb' contains a space (a control character, U+0009)"),
        ("a\nb", "contains a space"),
        ("ann\u200b", r"'ann\u200b' contains an invisible character (zero width space, U+200B)"),
        ("\ufeffann", "contains an invisible character (zero width no-break space, U+FEFF)"),
        ("a\x00b", "contains an invisible character (a control character, U+0000)"),
        ("a\udcff", r"'a\udcff' contains an invisible character"),
        ("new_whale", "new_whale is the word for a new individual"),
    ],
)
def test_what_is_no_name(name, fault):
    assert fault in name_fault(name, {"new_whale"})


@pytest.mark.fault(
    "folders",
    "two names that look alike: composed and decomposed accents, invisible joiners",
    "refused, with both spelt out; names that differ in case only stay apart, with a warning",
)
def test_names_that_look_alike(caplog):
    column = pd.Series(["Zo\u00eb", "ann", "Zoe\u0308", "ann\u200d", "ann", "Ann"], range(2, 8))
    faults = name_faults(identity_names.locate("list.csv", column))
    assert [fault.split(" (")[0] for fault in faults] == [
        r"list.csv, row 4: identities 'Zo\xeb' and 'Zoe\u0308' look alike, but their characters "
        "differ",
        r"list.csv, row 5: identities 'ann' and 'ann\u200d' look alike, but their characters "
        "differ",
    ]
    identity_names.log_case_variants(["ann", "bob", "Ann", "ann"])
    assert caplog.messages == [
        "individuals ann, Ann differ in upper and lower case only, and stay apart"
    ]


def test_a_new_name_beside_a_known_one_that_looks_alike(caplog):
    identity_names.warn_of_variants("Zoe\u0308", {"zo\u00eb", "zoe", "Zoe\u0308"})
    assert caplog.messages == ["Zoe\u0308 is another individual than zo\u00eb, which is known"]


def test_a_fault_names_the_first_row_and_counts_the_others():
    column = pd.Series(["a b", "c", "a b", "a b"], range(2, 6))
    (fault,) = name_faults(identity_names.locate("list.csv", column))
    assert fault.startswith("list.csv, row 2 and 2 more: identity 'a b' contains a space")


def test_one_individual_is_too_few():
    assert identity_names.count_fault({"a", "b"}) == ""
    assert identity_names.count_fault(["ann"]).startswith("one individual (ann), at least 2 are")
    assert identity_names.count_fault([]).startswith("no known individual, at least 2 are")


def test_a_name_is_made_of_any_text():
    assert identity_names.make_name("IMG 1\u00a0\u200b(a)") == "IMG_1__(a)"
