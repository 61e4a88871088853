"""The questions that a review has left to ask, ordered by what their answers are expected to gain.

A question is a pair of photographs. It has different names, and its answer does not follow from
earlier ones. Photographs that were called the same have one name from then on, which may join
more than it should: then each of the two is compared with another photograph of its former name,
which tells whether a single photograph was named wrongly.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from pipeline.review.gain import compute_gains
from pipeline.steps.labels import graph

PAIR = ["photograph", "other"]
COLUMNS = [*PAIR, "probability", "gain", "reason"]
WORTH = 0.1  # photographs: the expected gain from which on a question is worth an answer
FOLLOW_UP = "is its own name wrong, or are two names one animal?"
TWO_NAMES = "two names, maybe one animal"
Answer = tuple[str, str, str]  # photograph, other, decision


class State(NamedTuple):
    """What is known when the next question is chosen.

    names : of every labelled photograph, after all decisions; of one of new_whale, its own
    before : the same without any decision
    answers : the decisions that hold, in their order; `new` has no other photograph
    """

    names: "pd.Series[str]"
    before: "pd.Series[str]"
    answers: Sequence[Answer]


def rank_questions(pairs: pd.DataFrame, state: State) -> pd.DataFrame:
    """The open questions, columns COLUMNS, by falling gain (ties: probability, then as given).

    pairs : columns photograph, other, evidence, probability, each pair once
    """
    table = pairs[select_open(pairs, state)]
    gains = compute_gains(table, state.names)
    table = table.assign(gain=gains, reason=TWO_NAMES)
    table = pd.concat([list_follow_ups(pairs, state), table[COLUMNS]], ignore_index=True)
    return table.sort_values(["gain", "probability"], ascending=False, kind="stable")


def count_worthwhile(questions: pd.DataFrame, names: "pd.Series[str]") -> int:
    """How many more answers are worth their while, WORTH photographs expected of each.

    One for each two names: the other pairs of these are mostly closed by it.
    """
    worth = questions[questions["gain"] >= WORTH]
    name = names.to_dict()
    ends = worth[PAIR].map(lambda image: name.get(image, image))
    return len(pd.DataFrame(np.sort(ends.to_numpy(dtype=str), axis=1)).drop_duplicates())


def select_open(pairs: pd.DataFrame, state: State) -> np.ndarray:
    """Whether each of n pairs has two names and no answer, neither given nor implied.

    A photograph that differs from one differs from all that were called the same as that one.
    It is not compared with others of that one's name either: these are taken for one animal.
    """
    same = [(0, a, b) for a, b, decision in state.answers if decision == "same"]
    whole: dict[str, str | int] = {**graph.component_numbers(same)}
    unsure = {frozenset((a, b)) for a, b, decision in state.answers if decision == "unsure"}
    new = {a for a, _, decision in state.answers if decision == "new"}
    name = state.names.to_dict()
    closed: set[tuple[str | int, str | int]] = set()
    for a, b, decision in state.answers:
        if decision == "different":
            for first, second in ((a, b), (b, a)):
                start = whole.get(first, first)
                closed |= {(start, whole.get(second, second)), (start, name.get(second, second))}
    return np.array(
        [
            name[a] != name[b]
            and not {a, b} & new
            and frozenset((a, b)) not in unsure
            and not _is_closed(closed, whole, name, a, b)
            for a, b in zip(pairs["photograph"], pairs["other"], strict=True)
        ],
        bool,
    )


def _is_closed(
    closed: set[tuple[str | int, str | int]],
    whole: dict[str, str | int],
    name: Mapping[Hashable, str],
    a: str,
    b: str,
) -> bool:
    first, second = whole.get(a, a), whole.get(b, b)
    return not closed.isdisjoint([(first, second), (first, name[b]), (second, name[a])])


def list_follow_ups(pairs: pd.DataFrame, state: State) -> pd.DataFrame:
    """The questions after photographs of different names were called the same, columns COLUMNS.

    Either both names are one animal, or one of the two photographs has a wrong name. Each is
    compared with another photograph of its former name: the one with the most probable pair
    (without a pair, the alphabetically first). The gain is the probability of the wrong name times
    the photographs of the smaller side, which would be joined wrongly. A photograph that is alone
    with its name, or was compared with another one of it, is no question.
    """
    before = dict(zip(state.before.index.tolist(), state.before.tolist(), strict=True))
    joins = [
        (a, b)
        for a, b, decision in state.answers
        if decision == "same" and {a, b} <= before.keys() and before[a] != before[b]
    ]
    if not joins:
        return pd.DataFrame(columns=COLUMNS)
    answered: dict[str, dict[str, str]] = {}
    for a, b, decision in state.answers:
        answered.setdefault(a, {})[b] = answered.setdefault(b, {})[a] = decision
    avoided = {image for join in joins for image in join}
    avoided |= {a for a, _, decision in state.answers if decision == "new"}
    evidence = _collect_evidence(pairs, avoided)
    named = {before[image] for join in joins for image in join}
    mates: dict[str, list[str]] = {}
    for image in sorted(before):
        if before[image] in named:
            mates.setdefault(before[image], []).append(image)
    rows = []
    for pair in joins:
        own = [[mate for mate in mates[before[image]] if mate != image] for image in pair]
        decisions = [
            {answered[image].get(mate) for mate in others}
            for image, others in zip(pair, own, strict=True)
        ]
        if "different" in decisions[0] | decisions[1]:
            continue  # the wrong name is found
        checks = [
            _choose_check(others, made, avoided, evidence.get(image, {}))
            for image, others, made in zip(pair, own, decisions, strict=True)
        ]
        least = 1 + min(map(len, own))
        for image, (other, wrong), chance in zip(pair, checks, _weigh(checks), strict=True):
            if other:
                rows.append([image, other, 1 - wrong, chance * least, FOLLOW_UP])
    return pd.DataFrame(rows, columns=COLUMNS).drop_duplicates(PAIR)


def _choose_check(
    own: list[str], decisions: set[str | None], avoided: set[str], evidence: dict[str, float]
) -> tuple[str, float]:
    """The photograph to compare one with, "" for none; and how probably its own name is wrong.

    own : the other photographs of its name
    decisions : on its pairs with these
    """
    if "same" in decisions:
        return "", 0.0
    others = [mate for mate in own if mate not in avoided]
    if "unsure" in decisions or not others:
        return "", 0.5
    other = max(others, key=lambda mate: evidence.get(mate, -np.inf))
    return other, 1 - float(expit(evidence.get(other, 0.0)))


def _weigh(checks: list[tuple[str, float]]) -> list[float]:
    """The probabilities that the first and that the second of two names is wrong, not both."""
    (_, first), (_, second) = checks
    cases = [first * (1 - second), second * (1 - first), (1 - first) * (1 - second)]
    total = sum(cases)
    return [case / total if total else 0.0 for case in cases[:2]]


def _collect_evidence(pairs: pd.DataFrame, images: set[str]) -> dict[str, dict[str, float]]:
    """The evidence of each of these images' pairs, by the other photograph."""
    found: dict[str, dict[str, float]] = {}
    chosen = pairs[pairs["photograph"].isin(images) | pairs["other"].isin(images)]
    columns = chosen[["photograph", "other", "evidence"]]
    for a, b, value in columns.itertuples(index=False, name=None):
        found.setdefault(a, {})[b] = found.setdefault(b, {})[a] = value
    return found
