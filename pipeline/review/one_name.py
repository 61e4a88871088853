"""The questions on photographs of one name, of which some may show another animal.

The photographs of a name that are matched with each other, directly or by way of others, form a
side. The largest is taken for the animal that the name belongs to; each smaller one may be another
animal, or the same one in another pose or light. Only local features count: the network has learned
that all of them have one name, right or wrong, and finds them alike.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.review.state import COLUMNS, PAIR, WORTH, Answer, State
from pipeline.steps.labels import graph

MATCHED = 0.995  # the fraction of the pairs with different names that a matched pair exceeds
MISNAMED = 0.05  # the fraction of photographs that are expected to have a wrong name
CONFIRM = "do both show the animal of this name? Others of its photographs are compared with them"
DECIDED = ("same", "different")
TWO_ANIMALS = "one name, maybe two animals"


class NameQuestion(NamedTuple):
    """A row of a table of questions."""

    photograph: str
    other: str
    probability: float
    gain: float
    reason: str


class Name(NamedTuple):
    """The photographs of a name: its largest side, and the smaller ones."""

    main: list[str]
    apart: list[list[str]]


class Facts(NamedTuple):
    """What is known of all names.

    probability : of each compared pair, in both orders
    present : the present name of each photograph
    """

    probability: Mapping[tuple[str, str], float]
    present: Mapping[Hashable, str]
    answers: Sequence[Answer]


def list_doubtful_names(pairs: pd.DataFrame, state: State) -> pd.DataFrame:
    """The questions on photographs of one name that are worth an answer, columns COLUMNS.

    A `different` takes the name from a photograph only if a `same` has confirmed the other one. So
    the first question on a name is the most probable pair of its largest side; then each smaller
    side is compared with a confirmed photograph, by their most probable pair. The gain is the
    probability that the side is another animal, since one photograph loses its name at first; half
    of it for the first question.

    pairs : columns photograph, other, probability, exceeds (`estimate_probabilities`)
    """
    before = state.before[state.before.map(state.before.value_counts()) >= 3]
    own = pairs[pairs["photograph"].map(before) == pairs["other"].map(before)]
    names = find_sides(own, before)
    verdicts = [
        [find_verdict(side, name.main, state.answers) for side in name.apart] for name in names
    ]
    wrong = estimate_wrong([verdict for own in verdicts for verdict in own], len(before))
    if wrong < WORTH:
        return pd.DataFrame(columns=COLUMNS)
    facts = Facts(tabulate(own), state.names.to_dict(), state.answers)
    questions = []
    for name, given in zip(names, verdicts, strict=True):
        left = [side for side, verdict in zip(name.apart, given, strict=True) if not verdict]
        questions += ask_name(name.main, left, wrong, facts)
    return pd.DataFrame(questions, columns=COLUMNS)


def estimate_wrong(verdicts: list[str], photographs: int) -> float:
    """The probability that a smaller side is another animal.

    If MISNAMED of all photographs have a wrong name, and all of these are apart: the fraction of
    the sides. Times the wrong names that were found so far for each that was expected; one is added
    to both.

    verdicts : those of `find_verdict`, for each smaller side
    """
    if not verdicts:
        return 0.0
    wrong = min(1.0, MISNAMED * photographs / len(verdicts))
    found, decided = verdicts.count("different"), len([v for v in verdicts if v in DECIDED])
    return min(1.0, wrong * (found + 1) / (wrong * decided + 1))


def find_sides(own: pd.DataFrame, names: "pd.Series[str]") -> list[Name]:
    """The names that have a matched pair, and photographs that are not matched with its side.

    Of equally large sides the one with the first photograph is the main one. Where no pair is
    matched nothing tells what the animal looks like.

    own : the pairs of one name each, columns photograph, other, exceeds
    """
    ends = own.loc[own["exceeds"] >= MATCHED, PAIR]
    first, second = (names.index.get_indexer(pd.Index(ends[end])) for end in PAIR)
    links = coo_array((np.ones(len(ends), bool), (first, second)), shape=(len(names),) * 2)
    sides: dict[str, dict[int, list[str]]] = {}
    numbers = connected_components(links, directed=False)[1].tolist()
    for image, name, number in zip(names.index, names, numbers, strict=True):
        sides.setdefault(name, {}).setdefault(number, []).append(image)
    found = []
    for own_sides in sides.values():
        main = max(own_sides.values(), key=len)
        if len(main) > 1 and len(own_sides) > 1:
            found.append(Name(main, [side for side in own_sides.values() if side is not main]))
    return found


def find_verdict(side: list[str], main: list[str], answers: Iterable[Answer]) -> str:
    """What was answered on a photograph of a side and one of the main side; "" without an answer.

    `new` answers all on its photograph.
    """
    outer, inner = set(side), set(main)
    for a, b, decision in answers:
        if decision == "new" and a in outer:
            return decision
        if (a in outer and b in inner) or (b in outer and a in inner):
            return decision
    return ""


def tabulate(own: pd.DataFrame) -> dict[tuple[str, str], float]:
    """The highest probability of each pair, in both orders."""
    known: dict[tuple[str, str], float] = {}
    columns = own[[*PAIR, "probability"]].itertuples(index=False, name=None)
    for a, b, probability in columns:
        known[a, b] = known[b, a] = max(probability, known.get((a, b), 0.0))
    return known


def ask_name(
    main: list[str], apart: list[list[str]], wrong: float, facts: Facts
) -> list[NameQuestion]:
    """The questions on one name.

    apart : the smaller sides without an answer
    wrong : the probability that such a side is another animal
    """
    chances, present = facts.probability, facts.present
    confirmed = find_confirmed(main, facts.answers)
    questions = []
    for side in apart:
        pairs = [(a, b) for a in side for b in confirmed or main if present[a] == present[b]]
        if pairs:
            pair = max(pairs, key=lambda pair: chances.get(pair, 0.0))
            questions.append(NameQuestion(*pair, chances.get(pair, 0.0), wrong, TWO_ANIMALS))
    if confirmed or not questions:
        return questions
    settled = {frozenset(answer[:2]) for answer in facts.answers}
    pairs = [(a, b) for a in main for b in main if (a, b) in chances and present[a] == present[b]]
    best = max(pairs, key=lambda pair: chances[pair], default=None)
    if best is None or frozenset(best) in settled:
        return []
    return [NameQuestion(*best, chances[best], wrong / 2, CONFIRM)]


def find_confirmed(images: list[str], answers: Sequence[Answer]) -> list[str]:
    """The most photographs of these that are called the same, two or more; or none."""
    same = [(0, a, b) for a, b, decision in answers if decision == "same"]
    number = graph.component_numbers(same)
    joined: dict[int, list[str]] = {}
    for image in images:
        if image in number:
            joined.setdefault(number[image], []).append(image)
    most = max(joined.values(), key=len, default=[])
    return most if len(most) > 1 else []
