"""Which candidate a reviewer is to compare a sampled photograph with next.

Always the one that is likeliest to match, until a match is as good as certain or none is left that
is likely. A surprising decision leaves a candidate likely, and so comes again. Then a few deep
candidates follow at random, from which the fit learns how often a match lies there.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from pipeline.population.collection import Path
from pipeline.population.matches import (
    Tally,
    compute_hazard,
    join_paths,
    weigh_decisions,
)

SURE = 0.03  # a match, or none, is settled when its opposite has at most this probability
LEAST = 4  # candidates that are reviewed at least, if none matches, whatever the model claims
DEEP = 4  # candidates at random beyond them
UNLIKELY = 0.004  # candidates that are less likely to match are not worth a question
MOST = 60  # decisions on one photograph
BATCH = 4  # candidates of one photograph that are listed at once

LIKELIEST, AGAIN, RANDOM = "likeliest", "again", "at random"


class Question(NamedTuple):
    """A place on a path, the probability of a match there, and why it is to be reviewed."""

    place: int
    probability: float
    reason: str


def list_questions(path: Path, tally: Tally, values: np.ndarray, seed: int) -> list[Question]:
    """The next questions on one photograph, none if it is settled.

    Several, as if each were answered with "different", while that is likelier than not.
    """
    if not len(path.candidates) or sum(map(np.sum, tally)) >= MOST:
        return []
    table = join_paths([path], [tally])
    prior = logit(compute_hazard(values, table))
    by_score = logit(compute_hazard(values, table, deep=False))
    questions: list[Question] = []
    unmatched = 1.0
    while len(questions) < BATCH and unmatched > 0.5:
        weight = weigh_decisions(values, tally)
        posterior = expit(prior + weight)
        first = np.prod(expit(-(by_score + weight)))
        if first < SURE and tally.same.any():
            return questions
        place, is_open = choose_place(posterior, tally)
        enough = tally.reviewed.sum() >= min(LEAST, len(posterior))
        if not is_open or (enough and (first > 1 - SURE or posterior[place] < UNLIKELY)):
            return questions or list_deep(posterior, tally, seed)
        if place in [question.place for question in questions]:
            return questions
        reason = AGAIN if tally.reviewed[place] else LIKELIEST
        questions.append(Question(place, float(posterior[place]), reason))
        unmatched *= 1 - posterior[place]
        different = tally.different.copy()
        different[place] += 1
        tally = tally._replace(different=different)
    return questions


def choose_place(posterior: np.ndarray, tally: Tally) -> tuple[int, bool]:
    """The likeliest candidate that is not certain to match yet, and whether there is one.

    A reviewer who was unsure does not get the pair again.
    """
    is_open = ~tally.reviewed | ((posterior < 1 - SURE) & (tally.unsure == 0))
    place = int(np.where(is_open, posterior, -1.0).argmax())
    return place, bool(is_open[place])


def list_deep(posterior: np.ndarray, tally: Tally, seed: int) -> list[Question]:
    """Questions about the photograph's deep candidates that have no decision yet."""
    places = choose_deep(len(posterior), seed)
    left = places[~tally.reviewed[places]]
    return [Question(int(place), float(posterior[place]), RANDOM) for place in left]


def choose_deep(length: int, seed: int) -> np.ndarray:
    """Places beyond the first LEAST at random, as likely as 1 / rank; the same for a seed."""
    places = np.arange(LEAST, length)
    if not len(places):
        return places
    weights = 1 / (places + 1)
    rng = np.random.default_rng([seed, length])
    return np.sort(rng.choice(places, min(DEEP, len(places)), False, weights / weights.sum()))
