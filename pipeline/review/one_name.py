"""The questions on photographs of one name, of which some may show another animal.

The photographs of a name that look alike, directly or by way of others, form a side. The largest is
taken for the animal that the name belongs to; each smaller one may be another animal, or the same
one in another pose or light.
"""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.review.state import COLUMNS, PAIR, Answer, State
from pipeline.steps.labels import graph

ALIKE = 0.5  # the probability from which on two photographs of a name are on one side
MISNAMED = 0.05  # the fraction of photographs that are expected to have a wrong name
CONFIRM = "do both show the animal of this name, with which others of its photographs are compared?"
TWO_ANIMALS = "one name, maybe two animals"
Pairs = dict[frozenset[str], float]  # the probability of each pair of photographs


class Question(NamedTuple):
    """A row of a table of questions."""

    photograph: str
    other: str
    probability: float
    gain: float
    reason: str


def list_doubtful_names(pairs: pd.DataFrame, state: State) -> pd.DataFrame:
    """The questions on photographs of one name, columns COLUMNS.

    A `different` takes a name from a photograph only if a `same` has confirmed the other one: the
    first question on a name is therefore its most probable pair, then each smaller side is compared
    with a confirmed photograph of the largest one, by the most probable of their pairs. The gain is
    the probability that the one photograph which would lose its name has a wrong one; that of the
    first question is the mean of these, it being one answer more.

    The probability that a side has a wrong name: if MISNAMED of all photographs had one, and all of
    these were apart from the largest side of their name, the fraction of those apart for that
    reason; less the probability of their most probable pair with it.
    """
    sides = find_sides(pairs, state)
    apart = sides[~sides["is_main"]]
    if apart.empty:
        return pd.DataFrame(columns=COLUMNS)
    is_wrong = min(1.0, MISNAMED * len(sides) / len(apart))
    names = sides["name"]
    doubtful = pairs[is_of_one(pairs, names[names.isin(apart["name"])])]
    probability = {
        frozenset(pair): chance
        for *pair, chance in doubtful[[*PAIR, "probability"]].itertuples(index=False, name=None)
    }
    questions = [
        question
        for _, own in sides[names.isin(apart["name"])].groupby("name", sort=False)
        for question in ask_name(own, probability, state.answers, is_wrong)
    ]
    return pd.DataFrame(questions, columns=COLUMNS)


def find_sides(pairs: pd.DataFrame, state: State) -> pd.DataFrame:
    """The side of each photograph whose name has three or more, columns name, side, is_main.

    The index is the photograph. Of equally large sides the one with the first photograph is the
    main one. Photographs that are called the same are on one side. A name without two photographs
    on one side has no main side, and is left out: nothing tells what its animal looks like.
    """
    sizes = state.names.map(state.names.value_counts())
    names = state.names[sizes >= 3]
    place = pd.Series(np.arange(len(names)), names.index)
    alike = pairs.loc[pairs["probability"] >= ALIKE, PAIR]
    called = [answer[:2] for answer in state.answers if answer[2] == "same"]
    ends = pd.concat([alike, pd.DataFrame(called, columns=PAIR, dtype=str)])
    ends = ends[is_of_one(ends, names)]
    first, second = (place[ends[end]].to_numpy() for end in PAIR)
    links = coo_array((np.ones(len(ends), bool), (first, second)), shape=(len(names),) * 2)
    side = connected_components(links, directed=False)[1]
    table = pd.DataFrame({"name": names.to_numpy(), "side": side}, names.index)
    count = table.groupby("side")["side"].transform("size")
    largest = count.groupby(table["name"]).transform("max")
    # the sides are numbered by their first photograph
    main = table["side"].where(count == largest).groupby(table["name"]).transform("min")
    return table.assign(is_main=table["side"] == main)[largest >= 2]


def is_of_one(pairs: pd.DataFrame, names: "pd.Series[str]") -> np.ndarray:
    """Whether both photographs of each of n pairs have one name, of `names`."""
    codes = np.append(pd.factorize(names)[0], -1)  # -1 is also the place of what is not there
    first, second = (codes[names.index.get_indexer(pd.Index(pairs[end]))] for end in PAIR)
    return (first == second) & (first >= 0)


def ask_name(
    sides: pd.DataFrame, probability: Pairs, answers: Sequence[Answer], is_wrong: float
) -> list[Question]:
    """The questions on one name.

    sides : those of `find_sides` for this name
    is_wrong : the probability that a photograph apart from the main side has a wrong name
    """
    main = sides.index[sides["is_main"]].tolist()
    settled = {frozenset(answer[:2]) for answer in answers if answer[2] != "same"}
    new = {a for a, _, decision in answers if decision == "new"}
    confirmed = find_confirmed(main, answers)
    questions = []
    for _, side in sides[~sides["is_main"]].groupby("side", sort=False):
        images = side.index.tolist()
        compared = {frozenset(pair) for pair in product(images, main)}
        if compared & settled or new & set(images):
            continue
        chance = choose_pair(images, main, probability)[1]
        pair, own = choose_pair(images, confirmed or main, probability)
        questions.append(Question(*pair, own, is_wrong * (1 - chance), TWO_ANIMALS))
    if confirmed or not questions:
        return questions
    pair, own = choose_pair(main, main, probability)
    gain = sum(question.gain for question in questions) / (len(questions) + 1)
    return [] if frozenset(pair) in settled else [Question(*pair, own, gain, CONFIRM)]


def find_confirmed(main: list[str], answers: Sequence[Answer]) -> list[str]:
    """The most photographs of these that are called the same, two or more; or none."""
    same = [(0, a, b) for a, b, decision in answers if decision == "same"]
    number = graph.component_numbers(same)
    joined: dict[int, list[str]] = {}
    for image in main:
        if image in number:
            joined.setdefault(number[image], []).append(image)
    most = max(joined.values(), key=len, default=[])
    return most if len(most) > 1 else []


def choose_pair(
    images: list[str], others: list[str], probability: Pairs
) -> tuple[tuple[str, str], float]:
    """The most probable pair of two sides, and its probability; 0 if it was not compared."""
    pairs = [(a, b) for a, b in product(images, others) if a != b]
    best = max(pairs, key=lambda pair: probability.get(frozenset(pair), 0.0))
    return best, probability.get(frozenset(best), 0.0)
