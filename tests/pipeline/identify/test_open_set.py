"""Known animals are identified, unknown ones are answered new until they are enrolled.

Individuals are directions, their photographs lie around them; no network, no local features.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import features, gallery
from pipeline.data.tables import NEW_WHALE
from pipeline.identify.answer import answer
from pipeline.identify.comparison import Query
from pipeline.identify.gallery import Gallery
from pipeline.params import NewWhale
from pipeline.steps.ensemble.assemble import (
    FoldEvidence,
    assemble_fold,
    stack_held_out,
)
from pipeline.steps.neighbours.neighbours import score_member
from pipeline.steps.weigh.point_weights import PointWeigher
from tests.conftest import ROOT

DIM, INDIVIDUALS, FOLDS, UNKNOWN = 16, 12, (0, 1, 2), 9
SPREAD = 0.4  # of each number of an individual's photographs; 1 of its direction's
CENTRES = np.random.default_rng(0).normal(size=(INDIVIDUALS, DIM))


def photographs(centre: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Unit vectors, count x d."""
    vectors = centre + SPREAD * np.random.default_rng([1, seed]).normal(size=(count, DIM))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def unknown(count: int, seed: int) -> np.ndarray:
    """Photographs of an animal that is not in the gallery."""
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
def stored(p, recipe) -> Gallery:
    """Three photographs each of twelve individuals, one per fold, and nine labelled new_whale."""
    vectors = [photographs(centre, len(FOLDS), seed) for seed, centre in enumerate(CENTRES)]
    vectors = np.concatenate([*vectors, *(unknown(1, seed) for seed in range(UNKNOWN))])
    identities = [f"w{number}" for number in range(INDIVIDUALS) for _ in FOLDS]
    fold = np.arange(len(vectors)) % len(FOLDS)
    names = np.array([f"p{number}" for number in range(len(vectors))])
    folds = pd.DataFrame({"image": names, "identity": [*identities, *[NEW_WHALE] * UNKNOWN]})
    folds = folds.assign(group=range(len(folds)), only_fold="", fold=fold, part=0)
    embeddings = gallery.Embeddings(names, vectors)
    parts = [fold_evidence(folds, embeddings, number, recipe, p) for number in FOLDS]
    every_fold = dict.fromkeys(FOLDS, embeddings)
    return Gallery(folds, every_fold, stack_held_out(parts), [], {}, features.build_empty(), None)


def fold_evidence(folds, embeddings, fold: int, recipe, p) -> FoldEvidence:
    """The evidence on a fold's held-out queries, as the pipeline would have stored it."""
    queries = gallery.held_out_rows(folds, [fold])
    scores, _ = score_member(queries, folds, embeddings, p.neighbours, str(fold), {})
    by_backbone = dict.fromkeys(recipe.active_backbones(), scores)
    sources = dict.fromkeys(by_backbone, recipe.scores)
    return assemble_fold(fold, by_backbone, sources, queries)


def first_answer(vector: np.ndarray, stored: Gallery, recipe, p) -> str:
    """The first answer to a photograph that is in no fold."""
    query = Query(dict.fromkeys(FOLDS, vector), features.build_empty(), set(), PointWeigher())
    (backbone,) = recipe.active_backbones()
    return answer(query, stored, recipe, backbone, p).probabilities.index[0]


def test_known_animals_are_identified(stored, recipe, p):
    queries = [photographs(centre, 1, 50 + seed)[0] for seed, centre in enumerate(CENTRES)]
    answers = [first_answer(query, stored, recipe, p) for query in queries]
    assert np.mean([name == f"w{number}" for number, name in enumerate(answers)]) >= 0.9


def test_unknown_animals_are_new_until_they_are_enrolled(stored, recipe, p):
    pairs = [unknown(2, 50 + seed) for seed in range(20)]
    before = [first_answer(second, stored, recipe, p) for _, second in pairs]
    assert np.mean([name == NEW_WHALE for name in before]) >= 0.9
    after = [first_answer(second, enroll(first, stored), recipe, p) for first, second in pairs]
    assert np.mean([name == "w_newcomer" for name in after]) >= 0.8


def enroll(vector: np.ndarray, stored: Gallery) -> Gallery:
    """Add a photograph in no fold, so that every member compares with it."""
    row = {"image": "own", "identity": "w_newcomer", "group": 999, "only_fold": "", "fold": -1}
    row |= {"part": -1}
    before = stored.embeddings[0]
    after = gallery.Embeddings(np.append(before.names, "own"), np.vstack([before.vectors, vector]))
    folds = pd.concat([stored.folds, pd.DataFrame([row])], ignore_index=True)
    return replace(stored, folds=folds, embeddings=dict.fromkeys(FOLDS, after))
