"""How often the interval of `tailprint count` has the true number of individuals, by simulation.

    python -m benchmarks.count_coverage --out benchmarks/count_coverage.csv

Every population is drawn anew: 20 to 2,000 individuals with few or many photographs each,
log-normal or Poisson. An individual is a random direction, a photograph that direction with noise,
more in poor photographs. The probability of a pair is a logistic regression on the cosine, fitted
on another population of the same kind, and then made over- or underconfident or shifted. In a third
of the populations half of the individuals are known. A reviewer answers the questions, and errs: on
one photograph until it is settled, then on the next; then the fit is renewed. Prints the coverage
by each property, and the number of decisions.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from pipeline.data import tables
from pipeline.population.collection import Collection, order_nodes
from pipeline.population.count import Count, Review, Survey

DIMENSIONS = 24
MOST_ROUNDS = 60
PAIRS_BLOCK = 0.2  # fraction of the different pairs that the logistic regression is fitted on


@dataclass(frozen=True)
class Case:
    """What a population is drawn from; the values are listed in `draw_case`."""

    individuals: int
    mean: float
    sizes: str
    noise: float
    poor: float
    confidence: float
    shift: float
    catalogue: float
    false_same: float
    false_different: float
    persistent: bool = False


@dataclass(frozen=True)
class Population:
    """A collection, and the true individual of every node."""

    collection: Collection
    individuals: np.ndarray
    top1: float


def draw_case(rng: np.random.Generator, most: int) -> Case:
    """A case at random, the number of individuals log-uniform from 20 to `most`."""
    return Case(
        individuals=round(np.exp(rng.uniform(np.log(20), np.log(most)))),
        mean=float(rng.choice([1.5, 3, 5])),
        sizes=str(rng.choice(["log-normal", "Poisson"])),
        noise=float(rng.choice([0.5, 0.7, 0.9, 1.1])),
        poor=float(rng.choice([0, 0.1, 0.2])),
        confidence=float(rng.choice([0.6, 1, 1, 1.6])),
        shift=float(rng.choice([-1, 0, 0, 1])),
        catalogue=float(rng.choice([0, 0, 0.5])),
        false_same=float(rng.choice([0, 0.01, 0.03, 0.05])),
        false_different=float(rng.choice([0, 0.01, 0.03, 0.05])),
    )


def draw_photographs(case: Case, count: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Individuals' directions, the individual of each photograph, and its unit vector."""
    if case.sizes == "Poisson":
        sizes = 1 + rng.poisson(case.mean - 1, count)
    else:
        sizes = np.maximum(1, np.round(rng.lognormal(np.log(case.mean) - 0.5, 1, count)))
    individual = np.repeat(np.arange(count), sizes.astype(int))
    centres = normalise(rng.normal(size=(count, DIMENSIONS)))
    is_poor = rng.random(len(individual)) < case.poor
    spread = case.noise * np.where(is_poor, 2, 1) * np.exp(0.2 * rng.normal(size=len(individual)))
    noise = rng.normal(size=(len(individual), DIMENSIONS)) / DIMENSIONS**0.5
    return centres, individual, normalise(centres[individual] + spread[:, None] * noise)


def normalise(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def fit_evidence(case: Case, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Weights of the cosine and its square, and the intercept, for the log of the Bayes factor."""
    _, individual, vectors = draw_photographs(case, min(max(case.individuals, 60), 400), rng)
    first, second = np.triu_indices(len(individual), 1)
    same = individual[first] == individual[second]
    kept = np.flatnonzero(same | (rng.random(len(same)) < PAIRS_BLOCK))
    cosine = np.einsum("nd,nd->n", vectors[first[kept]], vectors[second[kept]])
    model = LogisticRegression(C=1e3, max_iter=300).fit(
        np.column_stack([cosine, cosine**2]),
        same[kept],
        sample_weight=np.where(same[kept], 1, 1 / PAIRS_BLOCK),
    )
    return model.coef_[0], float(model.intercept_[0] - logit(same.mean()))


def draw_population(case: Case, rng: np.random.Generator) -> Population:
    """Draw a population and its log-odds; known individuals are nodes of their directions."""
    weights, intercept = fit_evidence(case, rng)
    centres, individual, vectors = draw_photographs(case, case.individuals, rng)
    known = int(case.catalogue * case.individuals)
    individual = np.concatenate([np.arange(known), individual])
    vectors = np.concatenate([centres[:known].astype(np.float32), vectors])
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -1)
    repeated = np.bincount(individual)[individual] > 1
    top1 = float((individual[cosine.argmax(axis=1)] == individual)[repeated].mean())
    sizes = np.bincount(individual)
    rate = max(float((sizes * (sizes - 1)).sum()) / len(individual) ** 2, 0.2 / len(individual))
    log_odds = weights[1] * cosine
    log_odds += weights[0]
    log_odds *= cosine
    log_odds += intercept + logit(rate)
    log_odds = np.clip(case.confidence * log_odds + case.shift, -14, 14).astype(np.float32)
    np.fill_diagonal(log_odds, -14)
    log_odds[:known, :known] = -14
    order = order_nodes(log_odds, known)
    log_odds = log_odds[np.ix_(order, order)]
    return Population(Collection(known, log_odds), individual[order], top1)


class Reviewer:
    """Answers questions from the truth, wrongly at two rates.

    truth : the individual of each node
    mistakes : how often a different pair is called the same, and the same pair different
    persistent : the same pair always gets the same answer, however often it comes
    """

    def __init__(
        self,
        truth: np.ndarray,
        mistakes: tuple[float, float],
        rng: np.random.Generator,
        persistent: bool = False,
    ) -> None:
        self.truth, self.rng, self.persistent = truth, rng, persistent
        self.false_same, self.false_different = mistakes
        self.decisions: dict[int, dict[int, tuple[int, int, int]]] = {}
        self.count = 0

    def answer(self, first: int, second: int) -> None:
        """Decide on a pair, and record it."""
        decided = self.decisions.setdefault(first, {})
        same, different, unsure = decided.get(second, (0, 0, 0))
        is_same = bool(self.truth[first] == self.truth[second])
        rate = self.false_different if is_same else self.false_same
        verdict = is_same ^ bool(self.rng.random() < rate)
        if self.persistent and same + different:
            verdict = same > 0
        decided[second] = (same + verdict, different + (not verdict), unsure)
        self.count += 1


def run(case: Case, seed: int, half_width: float = 0.1, by_model: bool = True) -> dict[str, object]:
    """Survey one population until no question is open; by_model : strata by its predictions."""
    rng = np.random.default_rng(seed)
    population = draw_population(case, rng)
    survey = Survey(population.collection, seed, half_width)
    if not by_model:
        survey.stratify(np.full(len(survey.predicted), 0.5))
    mistakes = (case.false_same, case.false_different)
    reviewer = Reviewer(population.individuals, mistakes, rng, case.persistent)
    review = answer_all(survey, reviewer)
    count = survey.count(review)
    return {"seed": seed, **asdict(case), **describe(count, population, reviewer, review)}


def answer_all(survey: Survey, reviewer: Reviewer) -> Review:
    """Answer questions until none is open."""
    for _ in range(MOST_ROUNDS):
        review = survey.review(reviewer.decisions)
        if not review.questions:
            break
        for photograph in dict.fromkeys(node for node, _, _ in review.questions):
            settle(photograph, survey, review, reviewer)
    return review


def settle(photograph: int, survey: Survey, review: Review, reviewer: Reviewer) -> None:
    """Answer questions on a photograph until none is open, by the fit before them."""
    candidates = survey.trace(photograph).candidates
    values = review.fit.values
    while questions := survey.list_questions(photograph, reviewer.decisions, values):
        for question in questions:
            reviewer.answer(photograph, int(candidates[question.place]))


def describe(
    count: Count, population: Population, reviewer: Reviewer, review: Review
) -> dict[str, object]:
    """The columns of a population's row."""
    true = len(np.unique(population.individuals))
    return {
        "photographs": count.photographs,
        "top1": round(population.top1, 3),
        "true": true,
        "number": round(count.number, 1),
        "low": round(count.low, 1),
        "high": round(count.high, 1),
        "predicted": round(count.predicted[0], 1),
        "predicted_low": round(count.predicted[1], 1),
        "predicted_high": round(count.predicted[2], 1),
        "reviewed": count.reviewed,
        "decisions": reviewer.count,
        "open": len(review.questions),
    }


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Coverage, bias, relative half-width and decisions of all, and by every property."""
    table = table.assign(
        size=pd.cut(table["true"], [0, 50, 200, 700, 2000], labels=SIZES),
        top1=pd.cut(table["top1"], [0, 0.5, 0.7, 0.9, 1], labels=TOP1),
        mistakes=table[["false_same", "false_different"]].max(axis=1),
    )
    rows = [summarise_group("all", "", table)]
    for name in PROPERTIES:
        groups = table.groupby(name, observed=True)
        rows += [summarise_group(name, str(value), group) for value, group in groups]
    return pd.DataFrame(rows)


SIZES = ["to 50", "51 to 200", "201 to 700", "701 to 2000"]
TOP1 = ["to .5", ".5 to .7", ".7 to .9", ".9 to 1"]
PROPERTIES = [
    "size",
    "mean",
    "sizes",
    "top1",
    "poor",
    "confidence",
    "shift",
    "catalogue",
    "mistakes",
]


def summarise_group(name: str, value: str, group: pd.DataFrame) -> dict[str, object]:
    """One row of `summarise`."""
    true = group["true"]
    return {
        "by": name,
        "value": value,
        "populations": len(group),
        "coverage": ((group["low"] <= true) & (true <= group["high"])).mean().round(3),
        "bias": (group["number"] / true - 1).mean().round(3),
        "half_width": ((group["high"] - group["low"]) / 2 / true).mean().round(3),
        "decisions": round(group["decisions"].median()),
        "coverage_by_model": (
            ((group["predicted_low"] <= true) & (true <= group["predicted_high"])).mean().round(3)
        ),
        "bias_by_model": (group["predicted"] / true - 1).mean().round(3),
    }


def main(
    out: Annotated[Path | None, typer.Option(help="A CSV with one row per population.")] = None,
    populations: int = 200,
    most: Annotated[int, typer.Option(help="Individuals of the largest.")] = 2000,
    seed: int = 0,
    half_width: float = 0.1,
) -> None:
    """Survey simulated populations, and print how often the interval has the truth."""
    rows = []
    for number in range(seed, seed + populations):
        rows.append(run(draw_case(np.random.default_rng([number, 7]), most), number, half_width))
        print({key: rows[-1][key] for key in PRINTED}, flush=True)
        if out:  # an interrupted run leaves what it has
            tables.write_csv(pd.DataFrame(rows), out)
    print(summarise(pd.DataFrame(rows)).to_string(index=False))


PRINTED = ["seed", "true", "photographs", "top1", "number", "low", "high", "reviewed", "decisions"]


if __name__ == "__main__":
    typer.run(main)
