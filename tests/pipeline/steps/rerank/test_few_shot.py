"""The learners of `rerank.method`: untrained, that training helps, and what they must not learn."""

import numpy as np
import pytest
import torch

from pipeline import params
from pipeline.data.gallery import KNOWN, Embeddings
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.fewshot.tasks import Support
from pipeline.steps.rerank import candidate_tasks, few_shot
from pipeline.steps.rerank.few_shot_learners import build_learner
from tests.pipeline.steps.rerank.synthetic import (
    NAMES,
    PARTS,
    SECTION,
    Member,
    column,
    hold_out_in_gallery,
    run,
)

TRAINED = SECTION.fewshot.model_copy(update={"steps": 150, "learning_rate": 5e-3, "hidden": 16})
UNTRAINED = TRAINED.model_copy(update={"steps": 0})
COMPARING = [
    *("euclidean", "cosine", "prototypical", "matching", "matching_full"),
    *("relation", "induction", "siamese"),
]
POSITIONAL = ["maml", "fomaml", "meta_lstm", "memory"]  # with one output per position


def accuracy(member: Member, method: str, fewshot: params.Rerank) -> float:
    """The fraction of known queries whose best candidate by the method is right."""
    truth = member.queries.set_index("image")["truth"]
    known = member.queries["image"][member.queries["kind"] == KNOWN]
    table = run(member, method=method, top=10, fewshot=fewshot)
    scores = column(table, method).unstack().loc[known]
    return float((scores.idxmax(axis=1) == truth[known]).mean())


def replace_vectors(member: Member, vectors: np.ndarray) -> None:
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    member.embeddings = Embeddings(member.embeddings.names, vectors.astype(np.float32))


@pytest.mark.parametrize("method", params.FEW_SHOT)
def test_without_known_queries_all_are_scored_by_an_untrained_learner(member, method, monkeypatch):
    monkeypatch.setattr(few_shot, "fit", lambda *_: pytest.fail("nothing may be trained"))
    member.queries["kind"] = "test"
    member.queries["fold"] = -1
    scores = column(run(member, method=method), method)
    assert len(scores) and np.isfinite(scores).all()


@pytest.mark.parametrize("dim", [8, 512])
def test_an_untrained_learner_is_not_overconfident(dim):
    """Cosines of .50 and .45 are half a nat apart, whatever the dimension."""
    section = SECTION.model_copy(update={"method": "prototypical"})
    learner = build_learner(section, (dim,), 2, 2)
    query, examples = torch.eye(dim)[:1], torch.zeros(2, dim)
    examples[:, 0] = torch.tensor([0.50, 0.45])
    examples[:, 1] = (1 - examples[:, 0].square()).sqrt()
    support = Support(examples[None], torch.tensor([[0, 1]]), torch.ones(1, 2))
    near, far = learner.score(support, query[None], 2)[0, 0]
    assert (near - far).item() == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("method", COMPARING)
def test_training_helps(member, method):
    """The largest components do not depend on the individual: it takes training to ignore them."""
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(len(member.embeddings.names), 2))
    replace_vectors(member, np.concatenate([member.embeddings.vectors, noise], axis=1))
    assert accuracy(member, method, TRAINED) > accuracy(member, method, UNTRAINED) + 0.1


@pytest.mark.parametrize("method", POSITIONAL)
def test_the_order_of_the_first_score_is_not_learned(member, method):
    """Vectors of noise, and a first score that is nearly always right: the position of a candidate
    would reveal the truth, and must not."""
    rng = np.random.default_rng(3)
    replace_vectors(member, rng.normal(size=member.embeddings.vectors.shape))
    for row, identity in enumerate(member.queries["truth"]):
        if identity.startswith("w"):
            member.scores[row, int(identity[1:])] += 9.0
    scores = column(run(member, method=method, top=5, fewshot=TRAINED), method).unstack()
    first = column(member.evidence(), SECTION.first).unstack()
    agreement = (scores.idxmax(axis=1) == first.idxmax(axis=1)).mean()
    assert agreement < 0.4  # by chance .2 of 90 queries, with a standard error of .04


@pytest.mark.parametrize("method", ["prototypical", "matching", "siamese"])
def test_the_random_order_changes_no_score(member, method, monkeypatch):
    """These compare: a candidate's score does not depend on its position."""
    before = column(run(member, method=method, fewshot=UNTRAINED), method)

    def keep_order(count: int, top: int, rng: np.random.Generator) -> np.ndarray:
        return np.tile(np.arange(top), (count, 1))

    monkeypatch.setattr(candidate_tasks, "random_orders", keep_order)
    monkeypatch.setattr(few_shot, "random_orders", keep_order)
    after = column(run(member, method=method, fewshot=UNTRAINED), method)
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6)


def test_a_learner_never_sees_a_photograph_of_the_part_that_it_scores(member, monkeypatch):
    """Nor as the example of a candidate, with its label: the gallery of other parts has it."""
    hold_out_in_gallery(member)
    seen = []
    train = few_shot.FewShot._train

    def record(self, tasks, queries):
        seen.append({*tasks.top.supports[queries].ravel(), *tasks.query_rows[queries]})
        return train(self, tasks, queries)

    monkeypatch.setattr(few_shot.FewShot, "_train", record)
    run(member, method="cosine", fewshot=UNTRAINED)
    queries = member.queries.set_index("image")
    held_out = queries["fold"].to_numpy() >= 0
    cross_fit = CrossFit(queries["group"].to_numpy(), PARTS, SECTION.seed, held_out)
    assert len(seen) == len(cross_fit) and all(len(rows) > 20 for rows in seen)
    for rows, (_, scored) in zip(seen, cross_fit, strict=True):
        own = set(member.embeddings.rows(queries.index[scored & held_out]).tolist())
        assert not own & rows


# on crops


def stripes(member: Member) -> np.ndarray:
    """One crop per photograph, 3 x 16 x 32: its individual's pattern of stripes, and noise."""
    rng = np.random.default_rng(6)
    patterns = rng.random((len(NAMES), 3, 1, 32)) < 0.5
    identities = [*member.gallery["identity"], *member.queries["truth"]]
    shown = [
        patterns[NAMES.index(identity)] if identity in NAMES else patterns[0]
        for identity in identities
    ]
    noise = rng.normal(scale=0.3, size=(len(identities), 3, 16, 32))
    return (np.broadcast_to(np.stack(shown), noise.shape) + noise).astype(np.float32)


@pytest.mark.parametrize("method", ["cosine", "prototypical", "siamese"])
def test_crops_replace_the_embeddings(member, method):
    """The embeddings here are noise, and the first score is useless: only crops help."""
    rng = np.random.default_rng(3)
    replace_vectors(member, rng.normal(size=member.embeddings.vectors.shape))
    member.crops = stripes(member)
    settings = TRAINED.model_copy(update={"steps": 40, "tasks": 8, "hidden": 8})
    on_crops = settings.model_copy(update={"input": "crops"})
    assert accuracy(member, method, on_crops) > accuracy(member, method, settings) + 0.2
