"""Does `identify` tell known animals from strangers, and does it know who was enrolled?

Individuals are directions, their photographs lie around them; no network, no local features.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commands import asking
from pipeline import params
from pipeline.data import features, gallery
from pipeline.data.tables import NEW_WHALE
from pipeline.params import NewWhale
from pipeline.steps.ensemble.assemble import (
    FoldEvidence,
    assemble_fold,
    list_sources,
    stack_held_out,
)
from pipeline.steps.neighbours.neighbours import score_queries
from pipeline.steps.neighbours.search import build_gallery
from pipeline.steps.weigh.point_weights import PointWeigher
from tests.conftest import ROOT

DIM, INDIVIDUALS, FOLDS, STRANGERS = 16, 12, (0, 1, 2), 9
SPREAD = 0.4  # of each number of an individual's photographs; 1 of its direction's
CENTRES = np.random.default_rng(0).normal(size=(INDIVIDUALS, DIM))


def photographs(centre: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Unit vectors, count x d."""
    seen = centre + SPREAD * np.random.default_rng([1, seed]).normal(size=(count, DIM))
    return (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)


def stranger(count: int, seed: int) -> np.ndarray:
    """Photographs of an animal that nobody knows."""
    return photographs(np.random.default_rng([2, seed]).normal(size=DIM), count, 100 + seed)


@pytest.fixture(scope="module")
def p() -> params.Params:
    return params.load(ROOT / "tests/params.yaml")


@pytest.fixture(scope="module")
def recipe(p) -> params.Ensemble:
    posterior = NewWhale(method="posterior", shift=0.0)
    return p.ensembles["single"].model_copy(
        update={"folds": "all", "scores": ["nearest", "centre"], "new_whale": posterior}
    )


@pytest.fixture(scope="module")
def stored(p, recipe) -> asking.Known:
    """Three photographs each of twelve individuals, one a fold, and nine labelled new_whale."""
    vectors = [photographs(centre, len(FOLDS), seed) for seed, centre in enumerate(CENTRES)]
    vectors = np.concatenate([*vectors, *(stranger(1, seed) for seed in range(STRANGERS))])
    named = [f"w{number}" for number in range(INDIVIDUALS) for _ in FOLDS]
    fold = np.arange(len(vectors)) % len(FOLDS)
    names = np.array([f"p{number}" for number in range(len(vectors))])
    folds = pd.DataFrame({"image": names, "identity": [*named, *[NEW_WHALE] * STRANGERS]})
    folds = folds.assign(group=range(len(folds)), only_fold="", fold=fold)
    embeddings = gallery.Embeddings(names, vectors)
    held = stack_held_out([evidence_of(folds, embeddings, one, recipe, p) for one in FOLDS])
    everyone = dict.fromkeys(FOLDS, embeddings)
    return asking.Known(folds, everyone, held, {}, features.nothing(), None)


def evidence_of(folds, embeddings, fold: int, recipe, p) -> FoldEvidence:
    """What the pipeline would have stored of a fold's held-out queries."""
    queries, rows = gallery.held_out_rows(folds, [fold]), gallery.gallery_rows(folds, fold)
    shown, asked = build_gallery(embeddings, rows), queries["image"]
    said = score_queries(asked, embeddings.of(asked), shown, p.neighbours, str(fold), {})[0]
    tables = dict.fromkeys(recipe.active_backbones(), said)
    return assemble_fold(fold, tables, list_sources(recipe), queries, rows)


def answer(vector: np.ndarray, stored: asking.Known, recipe, p) -> str:
    """The first name for a photograph that is in no fold."""
    asked = asking.Asked(dict.fromkeys(FOLDS, vector), features.nothing(), set(), PointWeigher())
    (backbone,) = recipe.active_backbones()
    return asking.answer(asked, stored, recipe, backbone, p)[0].index[0]


def test_known_animals_are_named(stored, recipe, p):
    seen = [photographs(centre, 1, 50 + seed)[0] for seed, centre in enumerate(CENTRES)]
    told = [answer(one, stored, recipe, p) for one in seen]
    assert np.mean([name == f"w{number}" for number, name in enumerate(told)]) >= 0.9


def test_strangers_are_refused_until_they_are_enrolled(stored, recipe, p):
    pairs = [stranger(2, 50 + seed) for seed in range(20)]
    before = [answer(second, stored, recipe, p) for _, second in pairs]
    assert np.mean([name == NEW_WHALE for name in before]) >= 0.9
    after = [answer(second, enrolled(first, stored), recipe, p) for first, second in pairs]
    assert np.mean([name == "w_newcomer" for name in after]) >= 0.8


def enrolled(vector: np.ndarray, stored: asking.Known) -> asking.Known:
    """With one photograph more, in no fold: every member shows it."""
    row = {"image": "own", "identity": "w_newcomer", "group": 999, "only_fold": "", "fold": -1}
    own = stored.embeddings[0]
    with_it = gallery.Embeddings(np.append(own.names, "own"), np.vstack([own.vectors, vector]))
    folds = pd.concat([stored.folds, pd.DataFrame([row])], ignore_index=True)
    return replace(stored, folds=folds, embeddings=dict.fromkeys(FOLDS, with_it))
