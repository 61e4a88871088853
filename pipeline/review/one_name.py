"""The questions on photographs of one name, of which some may show another animal.

The photographs of a name that are matched with each other, directly or by way of others, form a
side. The largest is taken for the animal that the name belongs to; each smaller one may be another
animal, or the same one in another pose or light. Only local features count: the network has learned
that all of them have one name, right or wrong, and finds them alike.
"""

from collections.abc import Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.review.state import COLUMNS, PAIR, WORTH, Answer, State
from pipeline.steps.labels import graph

MATCHED = 0.995  # the fraction of the pairs with different names that a matched pair exceeds
MISNAMED = 0.05  # the fraction of photographs that are expected to have a wrong name
CONFIRM = "do both show one animal? Others of this name are then compared with them"
TRIES = 2  # pairs of a name that may be unsure before its questions end
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
    confirmed : the component of each photograph that is called the same as a compared one
    settled : the pairs with an answer
    """

    probability: Mapping[tuple[str, str], float]
    present: Mapping[Hashable, str]
    confirmed: Mapping[str, int]
    settled: AbstractSet[frozenset[str]]


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
    same = [(0, a, b) for a, b, decision in state.answers if decision == "same"]
    whole = graph.component_numbers(same)
    given = index_answers(state.answers)
    verdicts = [
        [find_verdict(side, name.main, given, whole) for side in name.apart] for name in names
    ]
    wrong = estimate_wrong([verdict for own in verdicts for verdict in own], len(before))
    if wrong < WORTH:
        return pd.DataFrame(columns=COLUMNS)
    settled = {frozenset(answer[:2]) for answer in state.answers}
    chances = tabulate(own)
    # duplicates, which are never compared, do not confirm each other
    confirmed = graph.component_numbers([link for link in same if link[1:] in chances])
    facts = Facts(chances, state.names.to_dict(), confirmed, settled)
    questions = []
    for name, decided in zip(names, verdicts, strict=True):
        left = [side for side, verdict in zip(name.apart, decided, strict=True) if not verdict]
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


def index_answers(answers: Sequence[Answer]) -> dict[str, list[tuple[int, str, str]]]:
    """The answers on each photograph: place, the other photograph, decision."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for place, (a, b, decision) in enumerate(answers):
        found.setdefault(a, []).append((place, b, decision))
        if b:
            found.setdefault(b, []).append((place, a, decision))
    return found


def find_verdict(
    side: list[str],
    main: list[str],
    answers: Mapping[str, Sequence[tuple[int, str, str]]],
    whole: Mapping[str, int],
) -> str:
    """What was answered on a photograph of a side and one of the main side; "" without an answer.

    `new` answers all on its photograph; "same" is also what follows by way of other photographs.

    answers : those of `index_answers`
    whole : the component of each photograph that is called the same as another
    """
    inner = set(main)
    found = [
        (place, decision)
        for image in side
        for place, other, decision in answers.get(image, ())
        if other in inner or (decision == "new" and not other)
    ]
    if found:
        return min(found)[1]
    joined = {whole[image] for image in side if image in whole}
    return "same" if any(whole.get(image) in joined for image in main) else ""


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
    confirmed = find_confirmed(main, facts.confirmed)
    questions = []
    for side in apart:
        pairs = [(a, b) for a in side for b in confirmed or main if present[a] == present[b]]
        if pairs:
            pair = max(pairs, key=lambda pair: chances.get(pair, 0.0))
            questions.append(NameQuestion(*pair, chances.get(pair, 0.0), wrong, TWO_ANIMALS))
    if confirmed or not questions:
        return questions
    pairs = [(a, b) for a in main for b in main if (a, b) in chances and present[a] == present[b]]
    tried = {frozenset(pair) for pair in pairs} & facts.settled
    left = [pair for pair in pairs if frozenset(pair) not in tried]
    if not left or len(tried) >= TRIES:
        return []
    best = max(left, key=lambda pair: chances[pair])
    return [NameQuestion(*best, chances[best], wrong / 2, CONFIRM)]


def find_confirmed(images: list[str], component: Mapping[str, int]) -> list[str]:
    """The most photographs of these that are called the same, two or more; or none."""
    joined: dict[int, list[str]] = {}
    for image in images:
        if image in component:
            joined.setdefault(component[image], []).append(image)
    most = max(joined.values(), key=len, default=[])
    return most if len(most) > 1 else []
