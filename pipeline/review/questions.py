"""The questions that a review has left to ask, ordered by what their answers are expected to gain.

A question is a pair of photographs whose answer does not follow from earlier ones: two names may be
one animal (here), two names that were called the same may be a single wrong one (`follow_ups.py`),
and one name may be of two animals (`one_name.py`).
"""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from pipeline.review.follow_ups import list_follow_ups
from pipeline.review.gain import compute_gains
from pipeline.review.one_name import list_doubtful_names
from pipeline.review.state import COLUMNS, PAIR, UNNAMED, WORTH, Answer, State
from pipeline.steps.labels import graph

KNOWN = 0.8  # the probability that a photograph with a wrong name shows another known animal
TWO_NAMES = "two names, maybe one animal"


def rank_questions(
    pairs: pd.DataFrame, state: State, original: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The open questions, columns COLUMNS, by falling gain (ties: probability, then as given).

    pairs : as `estimate_probabilities` gives them
    original : for a duplicate, the photograph that stands for all of its group
    """
    kept = state.before.index.isin(state.names.index)
    if not kept.all():  # by the policy `drop`, a decision may take labels away
        state = state._replace(before=state.before[kept])
        pairs = pairs[pairs[PAIR].isin(state.names.index).all(axis=1)]
    pairs = weigh_unnamed(pairs, state)
    table = pairs[select_open(pairs, state, original or {})]
    gains = compute_gains(table, state.names)
    table = table.assign(gain=gains, reason=TWO_NAMES)
    parts = [list_follow_ups(pairs, state), table[COLUMNS], list_doubtful_names(pairs, state)]
    table = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    table = table.sort_values(["gain", "probability"], ascending=False, kind="stable")
    ends = np.sort(table[PAIR].to_numpy(dtype=str), axis=1)
    return table[~pd.DataFrame(ends, table.index).duplicated()]


def weigh_unnamed(pairs: pd.DataFrame, state: State) -> pd.DataFrame:
    """The pairs, more probable where the answers have taken the name from one photograph.

    With the probability KNOWN it shows another animal with a name, to which any photograph belongs
    in proportion to the size of the mean name: a higher prior than that two names are one animal.
    """
    is_named = ~state.names.str.startswith(UNNAMED)
    had_one = state.names != state.before.reindex(state.names.index)
    unnamed = state.names.index[~is_named & had_one]
    if unnamed.empty or not is_named.any():
        return pairs
    prior = KNOWN * state.names[is_named].value_counts().mean() / len(state.names)
    is_unnamed = pairs["photograph"].isin(unnamed) | pairs["other"].isin(unnamed)
    likely = np.maximum(expit(pairs["evidence"] + logit(prior)), pairs["probability"])
    return pairs.assign(probability=likely.where(is_unnamed, pairs["probability"]))


def count_worthwhile(questions: pd.DataFrame, names: "pd.Series[str]") -> int:
    """How many more answers are worth their while, WORTH photographs expected of each.

    One for each two names: the other pairs of these are mostly closed by it. Each on photographs of
    one name counts.
    """
    worth = questions[questions["gain"] >= WORTH]
    name = names.to_dict()
    ends = worth[PAIR].map(lambda image: name.get(image, image))
    is_of_one = ends["photograph"] == ends["other"]
    two = pd.DataFrame(np.sort(ends[~is_of_one].to_numpy(dtype=str), axis=1)).drop_duplicates()
    return len(two) + int(is_of_one.sum())


def select_open(pairs: pd.DataFrame, state: State, original: Mapping[str, str]) -> np.ndarray:
    """Whether each of n pairs has two names and no answer, neither given nor implied.

    A photograph that differs from one differs from all that were called the same as that one.
    It is not compared with others of that one's name either: these are taken for one animal.
    An answer on a photograph is one on its duplicates, unless one of these was called different.

    original : as of `rank_questions`
    """
    head = select_duplicates(original, state.answers)
    answers = [(head.get(a, a), head.get(b, b), decision) for a, b, decision in state.answers]
    same = [(0, a, b) for a, b, decision in answers if decision == "same"]
    whole: dict[str, str | int] = {**graph.component_numbers(same)}
    answered = {frozenset((a, b)) for a, b, _ in answers}
    new = {a for a, _, decision in answers if decision == "new"}
    images, names = state.names.index.tolist(), state.names.tolist()
    name = {head.get(image, image): own for image, own in zip(images, names, strict=True)}
    closed: set[tuple[str | int, str | int]] = set()
    for a, b, decision in answers:
        if decision == "different":
            for first, second in ((a, b), (b, a)):
                start = whole.get(first, first)
                closed |= {(start, whole.get(second, second)), (start, name.get(second, second))}
    ends = [pairs[end].map(lambda image: head.get(image, image)) for end in PAIR]
    return np.array(
        [
            name[a] != name[b]
            and not {a, b} & new
            and frozenset((a, b)) not in answered
            and not _is_closed(closed, whole, name, a, b)
            for a, b in zip(*ends, strict=True)
        ],
        bool,
    )


def select_duplicates(original: Mapping[str, str], answers: Sequence[Answer]) -> dict[str, str]:
    """The duplicates of groups of which no two photographs were called different."""
    torn = {
        original.get(a)
        for a, b, decision in answers
        if decision == "different" and original.get(a, a) == original.get(b, b)
    }
    return {image: first for image, first in original.items() if first not in torn}


def _is_closed(
    closed: set[tuple[str | int, str | int]],
    whole: dict[str, str | int],
    name: Mapping[Hashable, str],
    a: str,
    b: str,
) -> bool:
    first, second = whole.get(a, a), whole.get(b, b)
    return not closed.isdisjoint([(first, second), (first, name[b]), (second, name[a])])
