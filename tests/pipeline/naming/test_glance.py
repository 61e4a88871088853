"""How many photographs are named, new and unsure, and which to check first."""

from pipeline.naming.answers import COPY, KNOWN, NEW, UNSURE, Answer
from pipeline.naming.glance import MOST_LINKS, list_counts


def answer(result: str, probability: float = 0.95, group: int = 0) -> Answer:
    return Answer(result, ("A",), (probability,), 0.0, "", 0, group)


def test_each_kind_is_counted_and_what_is_unsure_is_linked():
    answers = {
        "a.jpg": answer(KNOWN),
        "<b>.jpg": answer(KNOWN, 0.89),
        "c.jpg": answer(UNSURE, 0.4),
        "d.jpg": answer(NEW, 0.1, group=1),
        "e.jpg": answer(NEW, 0.1, group=1),
        "f.jpg": answer(COPY),
        "g.jpg": answer(UNSURE, 0.2, group=2),
    }
    assert list_counts(answers) == [
        "<strong>2</strong> named",
        '<strong>1</strong> of them with less than 90%: <a href="#p1">&lt;b&gt;.jpg</a>',
        "<strong>1</strong> named, since the catalogue has the same file",
        "<strong>2</strong> new (1 unknown individual)",
        '<strong>2</strong> unsure, to be checked first: <a href="#p2">c.jpg</a>, '
        '<a href="#p6">g.jpg</a>',
    ]


def test_what_there_is_none_of_is_left_out():
    assert list_counts({}) == []
    assert list_counts({"a.jpg": answer(KNOWN, 0.9)}) == ["<strong>1</strong> named"]


def test_of_many_unsure_ones_the_first_are_linked():
    answers = {f"{number}.jpg": answer(UNSURE) for number in range(MOST_LINKS + 7)}
    (line,) = list_counts(answers)
    assert line.count("<a ") == MOST_LINKS and line.endswith(" and 7 more")
