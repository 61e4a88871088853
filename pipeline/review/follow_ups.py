"""The questions after photographs of different names were called the same.

They have one name from then on, which may join more than it should: so each of the two is compared
with another photograph of its former name, which tells whether a single photograph was named
wrongly.
"""

import numpy as np
import pandas as pd
from scipy.special import expit

from pipeline.review.state import COLUMNS, PAIR, State

FOLLOW_UP = "is its own name wrong, or are two names one animal?"


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
    """The evidence of each of these images as the query, by the gallery's photograph.

    Not of the reverse: the network has learned that a photograph of the gallery has its name.
    """
    found: dict[str, dict[str, float]] = {}
    columns = pairs.loc[pairs["photograph"].isin(images), ["photograph", "other", "evidence"]]
    for query, other, value in columns.itertuples(index=False, name=None):
        found.setdefault(query, {})[other] = value
    return found
