"""How many individuals a collection has, from decisions on a sample: a stratified estimate.

The fraction of first photographs in a stratum is estimated by that of its sample, whatever the
model predicted for them: a wrong model costs precision, not the truth of the interval.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pipeline.population import matches, sample
from pipeline.population.collection import Collection, Path, predict_first, trace_path
from pipeline.population.matches import Reviewed, Tally
from pipeline.population.questions import AGAIN, Question, list_questions
from pipeline.population.sample import Strata

# by photograph, then by earlier node: how often same, different and unsure
Decisions = Mapping[int, Mapping[int, tuple[int, int, int]]]

FITS, REPEATS = 40, 25  # draws of the fit's parameters, and of the strata for each
# percentiles; 2.5 and 97.5 had the truth of 21 in 23 simulated populations, since the fit is an
# approximation
LEVELS = (1.25, 98.75)


@dataclass(frozen=True)
class Count:
    """An estimate of the number of individuals with its 95 % interval.

    predicted : the number and interval by the model alone, without decisions
    reviewed, photographs : how many photographs the sample has, of how many without a name
    decisions : how many the estimate rests on
    found_first : of photographs with a match, the fraction whose first candidate is one; NaN
        without a match
    """

    number: float
    low: float
    high: float
    predicted: tuple[float, float, float]
    reviewed: int
    photographs: int
    decisions: int
    found_first: float


@dataclass(frozen=True)
class Review:
    """A sample with its decisions so far.

    counts : photographs of the sample by stratum
    table, fit : their paths with the decisions, and what was fitted to these
    questions : those that are still open: the photograph, the candidate, and why
    """

    counts: np.ndarray
    table: Reviewed
    fit: matches.Fit
    questions: list[tuple[int, int, Question]]


@dataclass
class Survey:
    """The survey of a collection: its strata, and the paths of photographs in the sample.

    seed : of the sample; half_width : that is aimed at, relative to the number
    """

    collection: Collection
    seed: int
    half_width: float
    predicted: np.ndarray = field(init=False)
    strata: Strata = field(init=False)
    _paths: dict[int, Path] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.predicted = predict_first(self.collection)
        self.stratify(self.predicted)

    def stratify(self, values: np.ndarray) -> None:
        """Divide the photographs into strata by these values, one per photograph."""
        self.strata = sample.stratify(values, self.seed)

    def review(self, decisions: Decisions, wait_for_again: bool = True) -> Review:
        """The sample with its decisions so far, and the questions that are still open.

        wait_for_again : whether the pilot is not over while pairs are to be compared again, which
            one reviewer alone may not do
        """
        review = self._review(sample.count_pilot(self.strata), decisions)
        if any(wait_for_again or question.reason != AGAIN for *_, question in review.questions):
            return review
        firsts = sum_strata(matches.compute_first(review.fit.values, review.table), review.counts)
        known, half_width = self.collection.known, self.half_width
        counts = sample.allocate(self.strata, review.counts, firsts, known, half_width)
        return self._review(counts, decisions)

    def count(self, review: Review) -> Count:
        """Estimate the number of individuals from a sample with its decisions."""
        known, sizes, table = self.collection.known, self.strata.sizes, review.table
        first = matches.compute_first(review.fit.values, table)
        rng = np.random.default_rng([self.seed, 1])
        low, high = np.percentile(draw_numbers(review, sizes, rng), LEVELS)
        return Count(
            known + estimate(first, review.counts, sizes),
            known + float(low),
            known + float(high),
            predict_number(self.predicted, known),
            int(review.counts.sum()),
            len(self.predicted),
            int(table.same.sum() + table.different.sum()),
            measure_found_first(table),
        )

    def list_questions(self, node: int, decisions: Decisions, values: np.ndarray) -> list[Question]:
        """The next questions on one photograph, by the parameters of a fit."""
        path = self.trace(node)
        tally = tally_decisions(node, path, decisions)
        return list_questions(path, tally, values, self.seed + node)

    def _review(self, counts: np.ndarray, decisions: Decisions) -> Review:
        chosen = np.concatenate([np.zeros(0, int), *self.strata.sample(counts)])
        nodes = [int(photograph) + self.collection.known for photograph in chosen]
        paths = [self.trace(node) for node in nodes]
        tallies = [
            tally_decisions(node, path, decisions) for node, path in zip(nodes, paths, strict=True)
        ]
        table = matches.join_paths(paths, tallies)
        fit = matches.fit(table)
        questions = [
            (node, int(self.trace(node).candidates[question.place]), question)
            for node in nodes
            for question in self.list_questions(node, decisions, fit.values)
        ]
        return Review(counts, table, fit, questions)

    def trace(self, node: int) -> Path:
        """The path of a photograph."""
        if node not in self._paths:
            self._paths[node] = trace_path(self.collection, node)
        return self._paths[node]


def tally_decisions(node: int, path: Path, decisions: Decisions) -> Tally:
    """The decisions on a photograph along its path."""
    counts = np.zeros((3, len(path.candidates)), int)
    if decided := decisions.get(node):
        places = np.flatnonzero(np.isin(path.candidates, list(decided)))
        for place in places:
            counts[:, place] = decided[int(path.candidates[place])]
    return Tally(*counts)


def sum_strata(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sum the sample's values by stratum."""
    return np.bincount(np.repeat(np.arange(len(counts)), counts), values, len(counts))


def estimate(first: np.ndarray, counts: np.ndarray, sizes: np.ndarray) -> float:
    """The number of first photographs of all strata, from those of the sample."""
    return float((sizes * sum_strata(first, counts) / np.maximum(counts, 1)).sum())


def draw_numbers(review: Review, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Numbers of first photographs as uncertain as they are: by the fit, decisions and the sample.

    A stratum's fraction among those not reviewed has the posterior of Jeffreys' prior; none is left
    if all are reviewed.
    """
    counts = review.counts
    numbers = []
    for _ in range(FITS):
        first = matches.compute_first(review.fit.draw(rng), review.table)
        for is_first in rng.random((REPEATS, len(first))) < first:
            seen = sum_strata(is_first, counts)
            fraction = rng.beta(seen + 0.5, counts - seen + 0.5)
            numbers.append(seen.sum() + rng.binomial(sizes - counts, fraction).sum())
    return np.array(numbers)


def measure_found_first(table: Reviewed) -> float:
    """Of photographs with a match, the fraction whose first candidate is one; NaN without any."""
    is_match = table.same > table.different
    if not is_match.any():
        return float("nan")
    has_match = np.logical_or.reduceat(is_match, table.starts)
    return float(is_match[table.starts][has_match].mean())


def predict_number(predicted: np.ndarray, known: int) -> tuple[float, float, float]:
    """The number by the model alone, and a 95 % interval as if its probabilities were right."""
    number = known + predicted.sum()
    half = sample.Z * np.sqrt((predicted * (1 - predicted)).sum())
    return float(number), float(number - half), float(number + half)
