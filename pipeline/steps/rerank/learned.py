"""A few-shot learner's second look: every query with its first candidates is one small task."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from pipeline.fewshot import encoders
from pipeline.fewshot.fit import Fit, fit
from pipeline.fewshot.induction import Induction
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.maml import MAML
from pipeline.fewshot.matching import SHARPNESS, Matching
from pipeline.fewshot.memory import Memory
from pipeline.fewshot.meta_lstm import MetaLSTM
from pipeline.fewshot.nearest import Nearest
from pipeline.fewshot.networks import Dense
from pipeline.fewshot.prototypical import Prototypical
from pipeline.fewshot.pt_map import PTMap
from pipeline.fewshot.relation import Relation
from pipeline.fewshot.siamese import Siamese
from pipeline.fewshot.tasks import Episodes
from pipeline.params import Rerank
from pipeline.steps.rerank import episodes
from pipeline.steps.rerank.candidates import Candidates

QUERIES_AT_ONCE = 64
INNER_STEPS = 5  # of MAML and the meta-LSTM
INNER_RATE = 0.01  # of MAML, for a class; the same for the output layer
SLOTS, WIDTH, HEADS = 64, 40, 4  # of the outer memory
SLICES = 8  # of the induction network, d x d weights each for a few hundred tasks to teach
NARROW = 8  # units of what the meta-LSTM updates: it keeps some forty numbers for every weight


def made(params: Rerank, shape: tuple[int, ...], ways: int, identities: int) -> Learner:
    """The untaught learner, for vectors (d) or crops (C x H x W) and tasks of `ways` candidates."""
    hidden = params.fewshot.hidden
    on_crops = len(shape) == 3
    encoder = encoders.conv4(shape, hidden) if on_crops else encoders.vectors(*shape, hidden)
    network = Dense(shape[0], hidden)
    # vectors have the length of their dimension's root: products are large, and squared distances,
    # 2 (dim - product), twice as far apart
    scale = 1.0 if on_crops else SHARPNESS / encoder.dim
    return {
        "euclidean": partial(Nearest, encoder, identities, "euclidean"),
        "cosine": partial(Nearest, encoder, identities, "cosine"),
        "mahalanobis": partial(Nearest, encoder, identities, "mahalanobis"),
        "prototypical": partial(Prototypical, encoder, scale / 2),
        "matching": partial(Matching, encoder, full=False),
        "matching_full": partial(Matching, encoder, full=True, scale=scale),
        "relation": partial(Relation, encoder, hidden),
        "induction": partial(Induction, encoder, SLICES),
        "siamese": partial(Siamese, encoder, "absolute", hidden),
        "maml": partial(MAML, network, INNER_STEPS, INNER_RATE, INNER_RATE, second_order=True),
        "fomaml": partial(MAML, network, INNER_STEPS, INNER_RATE, INNER_RATE, second_order=False),
        "meta_lstm": partial(MetaLSTM, Dense(shape[0], NARROW), INNER_STEPS),
        "memory": partial(Memory, encoder, ways, SLOTS, WIDTH, HEADS, hidden),
        "pt_map": partial(PTMap, encoder, identities, balanced=False),
    }[params.method]()


def learned_scores(
    top: Candidates,
    inputs: Tensor,
    asked: np.ndarray,
    right: np.ndarray,
    part: np.ndarray,
    known: np.ndarray,
    params: Rerank,
) -> np.ndarray:
    """The learner's score of every query's candidates, q x top; -inf for padding.

    inputs : what is seen of every photograph, n x d vectors or n x C x H x W crops; the rows that
        `top.supports` names
    asked : the queries' rows among them
    right : q x top, the candidate that is the query's individual
    part : of q queries; what answers a part learned from the `known` queries of the others whose
        individual is among their candidates. Untaught where there are none
    """
    names, classes = np.unique(top.identities.astype(str), return_inverse=True)
    classes, count = torch.from_numpy(classes.reshape(top.identities.shape)), len(names)

    def tasks(rows: np.ndarray, order: np.ndarray) -> Episodes:
        return Episodes(
            episodes.support_task(inputs, moved(top.supports[rows], order)),
            inputs[torch.from_numpy(asked[rows])][:, None],
            torch.from_numpy(moved(right[rows], order).argmax(axis=1))[:, None],
            classes[rows].gather(1, torch.from_numpy(order)),
        )

    scores = np.full(top.scores.shape, -np.inf)
    for one in np.unique(part):
        lessons = np.flatnonzero(known & (part != one) & right.any(axis=1))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(params.seed)
            learner = made(params, tuple(inputs.shape[1:]), top.scores.shape[1], count)
        if len(lessons):
            width = top.scores.shape[1]
            draw = partial(lesson, tasks, lessons, width, params.fewshot.tasks, params.seed)
            fit(
                learner,
                draw,
                Fit(params.fewshot.steps, params.fewshot.learning_rate),
                params.method,
            )
        answer(learner.eval(), tasks, np.flatnonzero(part == one), params.seed, scores)
    return scores


def orders(count: int, top: int, rng: np.random.Generator) -> np.ndarray:
    """A random order of every query's candidates, count x top.

    They are best first, and a learner that sees places would learn to trust the first score.
    """
    return rng.random((count, top)).argsort(axis=1)


def moved(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """q x top x ... with each row's candidates in its order."""
    return values[np.arange(len(order))[:, None], order]


def lesson(
    tasks: Callable[[np.ndarray, np.ndarray], Episodes],
    rows: np.ndarray,
    top: int,
    count: int,
    seed: int,
    step: int,
) -> Episodes:
    """The queries of one step, drawn from `rows`, their candidates in an order of chance."""
    rng = np.random.default_rng([seed, step])
    chosen = rng.choice(rows, min(count, len(rows)), replace=False)
    return tasks(chosen, orders(len(chosen), top, rng))


@torch.no_grad()
def answer(
    learner: Learner,
    tasks: Callable[[np.ndarray, np.ndarray], Episodes],
    rows: np.ndarray,
    seed: int,
    scores: np.ndarray,
) -> None:
    """Put the learner's scores of these queries into their rows of `scores`, q x top."""
    order = orders(*scores.shape, np.random.default_rng(seed))
    for at in range(0, len(rows), QUERIES_AT_ONCE):
        own = rows[at : at + QUERIES_AT_ONCE]
        asked = tasks(own, order[own])
        told = learner.scores(asked.support, asked.queries, asked.ways)[:, 0].numpy()
        scores[own[:, None], order[own]] = told
