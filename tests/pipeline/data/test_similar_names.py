"""Which file may be meant by a name that no file has."""

import pytest

from pipeline.data.similar_names import SimilarNames, find_variants

NAMES = ["a.jpg", "B.JPG", "c.png", "Zoe\u0308.jpg", "d.jpg", "d.png", "e\n.jpg"]


@pytest.mark.fault(
    "folders",
    "a photograph that a table names in another case, with another ending or without one, or in "
    "another Unicode normal form",
    "the message that it does not exist names the file that may be meant",
)
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("A.jpg", ", but a.jpg does"),
        ("b.jpg", ", but B.JPG does"),
        ("c.jpg", ", but c.png does"),
        ("a", ", but a.jpg does"),
        ("d.jpeg", ", but d.jpg does"),
        ("E\n.jpg", ", but e\\n.jpg does"),
        (
            "Zo\u00eb.jpg",
            ", but Zoe\u0308.jpg does, with its accents in another Unicode normal form",
        ),
        ("ZO\u00cb.png", ", but Zoe\u0308.jpg does"),
        ("f.jpg", ""),
        ("", ""),
    ],
)
def test_the_file_that_may_be_meant(name, found):
    assert SimilarNames(NAMES).describe(name) == found


def test_variants_of_an_individuals_name_differ_in_what_readers_do_not_see():
    known = {"anna", "Anna", "Zoe\u0308", "a\u200dnna", "Anne"}
    assert find_variants("Anna", known) == ["anna", "a\u200dnna"]
    assert find_variants("zo\u00eb", known) == ["Zoe\u0308"]
    assert find_variants("Bo", known) == []
