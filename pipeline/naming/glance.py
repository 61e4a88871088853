"""How many photographs are named, new and unsure, and which to check first."""

from collections import Counter
from collections.abc import Callable, Mapping
from html import escape

from pipeline.naming.answers import COPY, KNOWN, NEW, UNSURE, Answer

ANCHOR = "p{}"  # of a photograph in the report, by its number
CHECKED = 0.9  # a name with less probability is worth a look
MOST_LINKS = 50


def list_counts(answers: Mapping[str, Answer]) -> list[str]:
    """Lines of HTML for the answers of a report, by photograph."""
    results = Counter(answer.result for answer in answers.values())
    groups = {answer.group for answer in answers.values() if answer.result == NEW}
    unsure = link_photographs(answers, lambda answer: answer.result == UNSURE)
    doubtful = link_photographs(answers, is_doubtful)
    individuals = "individual" if len(groups) == 1 else "individuals"
    lines = [
        (results[KNOWN], "named"),
        (len(doubtful), f"of them with less than {CHECKED:.0%}{show_links(doubtful)}"),
        (results[COPY], "named, since the catalogue has the same file"),
        (results[NEW], f"new ({len(groups)} unknown {individuals})"),
        (results[UNSURE], f"unsure, to be checked first{show_links(unsure)}"),
    ]
    return [f"<strong>{count}</strong> {text}" for count, text in lines if count]


def is_doubtful(answer: Answer) -> bool:
    """Whether a name is less than sure."""
    return answer.result == KNOWN and answer.probabilities[0] < CHECKED


def link_photographs(
    answers: Mapping[str, Answer], is_linked: Callable[[Answer], bool]
) -> list[str]:
    """Links to some of the photographs."""
    return [
        f'<a href="#{ANCHOR.format(number)}">{escape(photograph)}</a>'
        for number, (photograph, answer) in enumerate(answers.items())
        if is_linked(answer)
    ]


def show_links(links: list[str]) -> str:
    """The links behind a colon, or how many more there are."""
    more = f" and {len(links) - MOST_LINKS} more" if len(links) > MOST_LINKS else ""
    return f": {', '.join(links[:MOST_LINKS])}{more}"
