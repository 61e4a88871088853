"""The learners of `rerank.method`: untaught, that teaching helps, and what they must not learn."""

import numpy as np
import pytest
import torch

from pipeline import params
from pipeline.data.gallery import KNOWN, Embeddings
from pipeline.fewshot.tasks import Support
from pipeline.params.answering import FewShot
from pipeline.steps.rerank import learned
from tests.pipeline.steps.rerank.test_rerank import NAMES, SECTION, Member, column, run

TAUGHT = SECTION.fewshot.model_copy(update={"steps": 150, "learning_rate": 5e-3, "hidden": 16})
UNTAUGHT = TAUGHT.model_copy(update={"steps": 0})
COMPARING = [
    *("euclidean", "cosine", "prototypical", "matching", "matching_full"),
    *("relation", "induction", "siamese"),
]
SEES_PLACES = ["maml", "fomaml", "meta_lstm", "memory"]  # an output a place


@pytest.fixture
def member() -> Member:
    return Member()


@pytest.mark.parametrize("method", params.FEW_SHOT)
def test_unknown_queries_teach_nothing(member, method, monkeypatch):
    """Without a held-out query of a known individual nothing is learned, and all is answered."""

    def refused(*_):
        raise AssertionError("nobody may be taught")

    monkeypatch.setattr(learned, "fit", refused)
    member.queries["kind"] = "test"
    member.queries["fold"] = -1
    found = column(run(member, method=method), method)
    assert len(found) and np.isfinite(found).all()


@pytest.mark.parametrize("dim", [8, 512])
def test_a_start_is_not_sure_of_a_small_difference(dim):
    """Cosines of .50 and .45 are half a nat apart, however many numbers a vector has."""
    section = SECTION.model_copy(update={"method": "prototypical"})
    learner = learned.made(section, (dim,), 2, 2)
    query, shown = torch.eye(dim)[:1], torch.zeros(2, dim)
    shown[:, 0] = torch.tensor([0.50, 0.45])
    shown[:, 1] = (1 - shown[:, 0].square()).sqrt()
    support = Support(shown[None], torch.tensor([[0, 1]]), torch.ones(1, 2))
    near, far = learner.scores(support, query[None], 2)[0, 0]
    assert (near - far).item() == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("method", COMPARING)
def test_teaching_helps(member, method):
    """The loudest numbers of a vector tell nothing of who it is: it takes teaching to see past."""
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(len(member.embeddings.names), 2))
    vectors = np.concatenate([member.embeddings.vectors, noise], axis=1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    member.embeddings = Embeddings(member.embeddings.names, vectors.astype(np.float32))
    truth = member.queries.set_index("image")["truth"]
    known = member.queries["image"][member.queries["kind"] == KNOWN]

    def right(settings: FewShot) -> float:
        table = run(member, method=method, top=10, fewshot=settings)
        scores = column(table, method).unstack().loc[known]
        return float((scores.idxmax(axis=1) == truth[known]).mean())

    assert right(TAUGHT) > right(UNTAUGHT) + 0.1


@pytest.mark.parametrize("method", SEES_PLACES)
def test_the_first_scores_order_is_not_what_is_learned(member, method):
    """Vectors of noise, and a first score that is nearly always right: the place of a candidate
    would tell all, and must tell nothing."""
    rng = np.random.default_rng(3)
    noise = rng.normal(size=member.embeddings.vectors.shape)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    member.embeddings = Embeddings(member.embeddings.names, noise.astype(np.float32))
    truth = member.queries["truth"].to_numpy()
    for row, name in enumerate(truth):
        if name.startswith("w"):
            member.scores[row, int(name[1:])] += 9.0
    table = run(member, method=method, top=5, fewshot=TAUGHT)
    told = column(table, method).unstack()
    first = column(member.found(), SECTION.first).unstack()
    agree = (told.idxmax(axis=1) == first.idxmax(axis=1)).mean()
    assert agree < 0.4  # by chance .2 of 90 queries, give or take .04


@pytest.mark.parametrize("method", ["prototypical", "matching", "siamese"])
def test_an_order_of_chance_changes_no_answer(member, method, monkeypatch):
    """These compare: a candidate's score is its own, wherever it stands."""
    before = column(run(member, method=method, fewshot=UNTAUGHT), method)
    monkeypatch.setattr(
        learned, "orders", lambda count, top, rng: np.tile(np.arange(top), (count, 1))
    )
    after = column(run(member, method=method, fewshot=UNTAUGHT), method)
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6)


# on crops


def stripes(member: Member) -> np.ndarray:
    """One crop a photograph, 3 x 16 x 32: its individual's pattern of stripes, and noise."""
    rng = np.random.default_rng(6)
    patterns = rng.random((len(NAMES), 3, 1, 32)) < 0.5
    names = [*member.gallery["identity"], *member.queries["truth"]]
    shown = [patterns[NAMES.index(one)] if one in NAMES else patterns[0] for one in names]
    noise = rng.normal(scale=0.3, size=(len(names), 3, 16, 32))
    return (np.broadcast_to(np.stack(shown), noise.shape) + noise).astype(np.float32)


@pytest.mark.parametrize("method", ["cosine", "prototypical", "siamese"])
def test_crops_are_looked_at_instead_of_embeddings(member, method):
    """The embeddings here are noise, and the first score knows nothing: only crops can tell."""
    truth = member.queries.set_index("image")["truth"]
    known = member.queries["image"][member.queries["kind"] == KNOWN]
    noise = np.random.default_rng(3).normal(size=member.embeddings.vectors.shape)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    member.embeddings = Embeddings(member.embeddings.names, noise.astype(np.float32))

    def right(crops: np.ndarray | None) -> float:
        settings = TAUGHT.model_copy(update={"steps": 40, "tasks": 8, "hidden": 8})
        table = run(member, method=method, top=10, fewshot=settings, crops=crops)
        scores = column(table, method).unstack().loc[known]
        return float((scores.idxmax(axis=1) == truth[known]).mean())

    assert right(stripes(member)) > right(None) + 0.2
