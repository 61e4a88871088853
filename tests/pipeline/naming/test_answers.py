"""The answer by the probabilities of the names and of a new individual."""

import pytest

from pipeline.naming.answers import COPY, KNOWN, NEW, UNSURE, Answer, decide


@pytest.mark.parametrize(
    ("first", "new", "result"),
    [
        (0.5, 0.3, KNOWN),
        (0.2, 0.5, NEW),
        (0.13, 0.14, UNSURE),
        (0.49, 0.1, UNSURE),
        (0.0, 1.0, NEW),
    ],
)
def test_an_answer_of_less_than_half_is_unsure(first, new, result):
    assert decide(first, new) == result


@pytest.mark.parametrize(
    ("result", "probabilities", "new", "likelier"),
    [(UNSURE, (0.13,), 0.14, True), (UNSURE, (0.2,), 0.1, False), (NEW, (), 1.0, True)],
)
def test_what_looks_new_is_grouped_though_unsure(result, probabilities, new, likelier):
    names = ("Anna",) * len(probabilities)
    assert Answer(result, names, probabilities, new, "", 0).likelier_new == likelier
    assert not Answer(COPY, names, probabilities, new, "", 0).likelier_new
