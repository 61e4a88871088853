"""Re-ranking by Reptile: one start per part, which every query is adapted from alone."""

import numpy as np
import pytest
import torch

from pipeline.data.gallery import NO_FOLD, SEASON
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.rerank import reptile
from pipeline.steps.rerank.candidates import Candidates, first_candidates
from pipeline.steps.rerank.reptile import ReptileReranker
from tests.pipeline.steps.rerank.synthetic import (
    PARTS,
    QUICK,
    SECTION,
    Member,
    column,
    hold_out_in_gallery,
    run,
)


def build_reranker(member: Member) -> ReptileReranker:
    return ReptileReranker(member.inputs(), SECTION.model_copy(update={"reptile": QUICK}))


def test_scoring_changes_neither_starts_nor_embeddings(member, monkeypatch):
    learners = []
    score_from = ReptileReranker.score_from

    def record(self, learner, *others):
        before = [weight.detach().clone() for weight in learner.start]
        scores = score_from(self, learner, *others)
        assert all(torch.equal(a, b) for a, b in zip(before, learner.start, strict=True))
        learners.append(learner)
        return scores

    monkeypatch.setattr(ReptileReranker, "score_from", record)
    vectors = member.embeddings.vectors.copy()
    run(member)
    assert len(learners) == 1 and len(learners[0].start[0]) == PARTS + 1
    assert np.array_equal(member.embeddings.vectors, vectors)


def test_every_query_is_adapted_from_the_start_alone(member):
    """The order of the queries and the other queries change no score."""
    few = member.queries["image"].isin([f"q{i}" for i in (3, 40, 75)])
    reranker = build_reranker(member)
    first = column(member.evidence(), SECTION.first)
    allowed = reranker.inputs.allowed_rows(member.queries.set_index("image"))
    top = first_candidates(first, 5, reranker.inputs.gallery_rows(), 2, allowed)
    part = np.arange(90) % 2
    learner = reranker.build_learner(2)
    scores = reranker.score_from(learner, part, top)
    chosen = np.flatnonzero(np.isin(top.queries, member.queries["image"][few]))[::-1]
    alone = Candidates(
        top.queries[chosen], top.identities[chosen], top.scores[chosen], top.supports[chosen]
    )
    again = reranker.score_from(learner, part[chosen], alone)
    assert again == pytest.approx(scores[chosen], abs=1e-4)


def test_the_size_of_blocks_changes_no_score(member, monkeypatch):
    whole = run(member)
    monkeypatch.setattr(reptile, "QUERIES_AT_ONCE", 7)
    scores, expected = (column(table, "reptile") for table in (run(member), whole))
    assert scores.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-4)


def test_too_few_identities_leave_the_starts_random(member, monkeypatch):
    """A pool with a single identity has no task to train on."""
    monkeypatch.setattr(reptile, "fit", lambda *_: pytest.fail("no start may be trained"))
    known = member.queries["truth"].str.startswith("w")
    member.queries.loc[known, "truth"] = "w00"
    scores = column(run(member), "reptile")
    assert np.isfinite(scores).all()


def test_a_start_knows_neither_the_held_out_photographs_of_its_part_nor_their_labels(member):
    """They are in the gallery of others, but in no pool of the part that is scored from it."""
    hold_out_in_gallery(member)
    reranker = build_reranker(member)
    queries = member.queries.set_index("image")
    held_out = (queries["fold"] >= 0).to_numpy()
    cross_fit = CrossFit(queries["group"].to_numpy(), PARTS, 0, held_out)
    pools = reranker.build_pools(queries, cross_fit)
    for pool, (_, scored) in zip(pools, cross_fit, strict=True):
        own = member.embeddings.rows(queries.index[scored])
        assert not set(own) & set(pool.rows.ravel().tolist())
        assert len(pool) > 10


def test_by_time_the_pools_have_photographs_of_earlier_seasons_alone(member):
    """Besides the held-out ones; g0 has no date, and g1 is of the season itself."""
    member.queries["part"] = np.where(member.queries["fold"] >= 0, SEASON, NO_FOLD)
    member.gallery.loc[member.gallery["image"] == "g0", "fold"] = NO_FOLD
    member.gallery.loc[member.gallery["image"] == "g1", "fold"] = 0
    inputs = member.inputs()
    trained = inputs.embeddings.names[np.concatenate(list(inputs.trained_rows().values()))]
    assert set(trained) == {f"g{number}" for number in range(2, 28)}


def test_supports_lack_the_querys_own_part(member):
    hold_out_in_gallery(member)
    inputs, queries = member.inputs(), member.queries.set_index("image")
    allowed = inputs.allowed_rows(queries)
    for image, fold, part in queries[["fold", "part"]].itertuples():
        compared = member.gallery[
            (member.gallery["fold"] != fold) | (member.gallery["part"] != part)
        ]
        expected = compared if fold >= 0 else member.gallery
        names = member.embeddings.names[allowed[image]]
        assert set(names) == set(expected["image"])
        assert image not in set(names)
