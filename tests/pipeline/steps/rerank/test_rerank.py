"""Re-ranking one member's queries: what may change, what may not, and what is trained on what."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import evidence
from pipeline.data.gallery import KNOWN, LABELLED_NEW, TEST
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.rerank import fusion
from pipeline.system.errors import UserError
from tests.pipeline.steps.rerank.synthetic import (
    NAMES,
    PARTS,
    QUICK,
    SECTION,
    Member,
    column,
    ranks,
    run,
)

METHODS = ["reptile", "prototypes", *params.FEW_SHOT]


@pytest.mark.parametrize("method", METHODS)
def test_the_first_candidates_are_permuted_and_nothing_else_changes(member, method):
    table = run(member, method=method, top=5)
    first, reranked = column(member.evidence(), SECTION.first), column(table, "reranked")
    assert first.index.equals(reranked.index)
    inside = ranks(first) <= 5
    assert reranked[~inside].equals(first[~inside])
    for query, scores in first[inside].groupby("query"):
        assert sorted(reranked[inside][query]) == sorted(scores)
    assert (ranks(reranked)[inside] <= 5).all()


OTHER_VALUES = {
    "reptile": {
        "hidden": 8,
        "ways": 3,
        "shots": 1,
        "meta_steps": 2,
        "meta_batch": 1,
        "meta_learning_rate": 0.9,
        "inner_steps": 1,
        "inner_learning_rate": 0.9,
        "adapt_steps": 6,
    },
    "fewshot": {"hidden": 4, "tasks": 2, "steps": 3, "learning_rate": 5e-2},
}
CASES = [(section, *case) for section, leaves in OTHER_VALUES.items() for case in leaves.items()]


@pytest.mark.parametrize(("section", "leaf", "value"), CASES)
def test_every_value_changes_the_scores(member, section, leaf, value):
    """`input` and `crop_height` are tested in test_few_shot.py and test_small_crops.py."""
    method = {"reptile": "reptile", "fewshot": "siamese"}[section]
    fewshot = SECTION.fewshot.model_copy(update={"steps": 5, "learning_rate": 1e-2, "tasks": 8})
    base = {"method": method, "reptile": QUICK, "fewshot": fewshot}
    changed = base | {section: base[section].model_copy(update={leaf: value})}
    first, second = (column(run(member, **changes), method) for changes in (base, changed))
    assert not np.allclose(first, second, atol=1e-7)


def test_every_value_of_the_sections_has_a_case():
    for section, cases in OTHER_VALUES.items():
        fields = set(type(getattr(SECTION, section)).model_fields)
        assert set(cases) == fields - {"input", "crop_height"}


@pytest.mark.parametrize("first", ["nearest", "mean", "centre", "vote"])
def test_the_first_score_chooses_the_candidates(member, first):
    """The other scores are reversed: following them would give other candidates."""
    scores = dict.fromkeys(("nearest", "mean", "centre", "vote"), -member.scores)
    scores[first] = member.scores
    table = run(member, member.evidence_of(scores), method="prototypes", first=first, top=2)
    best = column(table, "reranked").unstack().idxmax(axis=1)
    ordered = (-member.scores).argsort(axis=1)[:, :2]
    allowed = dict(zip(member.queries["image"], np.array(NAMES)[ordered], strict=True))
    assert all(identity in allowed[query] for query, identity in best.items())


@pytest.mark.parametrize("method", ["reptile", "prototypes", "siamese", "matching_full"])
def test_every_query_is_scored(member, method):
    """Not the first ten rows alone: a score for the first `top` of every query, test included."""
    scores = column(run(member, method=method, top=5), method)
    counts = scores.groupby("query").size().to_dict()
    assert counts == dict.fromkeys(member.queries["image"], 5)


def test_queries_of_all_kinds_and_positions_are_reordered(member):
    reranked = column(run(member), "reranked")
    first = column(member.evidence(), SECTION.first)
    moved = (reranked != first).groupby("query").any()
    moved = moved[member.queries["image"]].to_numpy()
    assert moved[:30].any() and moved[30:70].any() and moved[70:].any()


@pytest.mark.parametrize("method", ["reptile", "prototypes", "siamese", "matching_full"])
@pytest.mark.parametrize("keep", [1, 3])
@pytest.mark.filterwarnings("error")
def test_fewer_candidates_than_top_are_allowed(member, method, keep):
    first = member.evidence(keep=keep)
    table = run(member, first, method=method)
    assert len(column(table, method)) == 90 * keep
    assert np.isfinite(table["score"]).all()
    if keep == 1:
        assert column(table, "reranked").equals(column(first, SECTION.first))


def test_method_none_gives_no_evidence(member):
    table = run(member, method="none")
    assert table.columns.tolist() == evidence.COLUMNS and table.empty


def test_the_same_seed_gives_the_same_bits(member):
    assert run(member).equals(run(member))
    assert not run(member).equals(run(member, seed=1))


def test_reptile_improves_a_weak_first_score(member):
    """It uses the photographs, the first score is half noise; all values are as in params.yaml."""
    known = member.queries[member.queries["kind"] == KNOWN]
    truth = pd.MultiIndex.from_frame(known[["image", "truth"]])
    first = column(member.evidence(), SECTION.first)
    reranked = column(run(member, reptile=SECTION.reptile), "reranked")
    before, after = (1 / ranks(scores).reindex(truth) for scores in (first, reranked))
    assert after.mean() > before.mean() + 0.02


def test_an_image_without_embedding_raises(member):
    member.gallery.loc[0, "image"] = "missing"
    with pytest.raises(UserError, match="missing"):
        run(member, method="prototypes")


def test_photographs_of_another_viewpoint_are_not_compared(member):
    """Every individual has a left photograph and a right one."""
    member.viewpoints = {f"g{i}": ("left", "right")[i % 2] for i in range(28)} | {"q3": "left"}
    scores = column(run(member, method="prototypes", reptile=SECTION.reptile), "prototypes")["q3"]
    query = member.embeddings.of(pd.Series(["q3"]))[0]
    lefts = member.embeddings.of(pd.Series([f"g{i}" for i in range(0, 28, 2)])) @ query
    np.testing.assert_allclose(scores, pd.Series(lefts, NAMES)[scores.index], rtol=1e-5)


# Leaks: what a held-out query helped to fit must never score it.


def parts_of(member: Member) -> np.ndarray:
    """The part of each query; PARTS for the test's."""
    held_out = (member.queries["fold"] >= 0).to_numpy()
    return CrossFit(member.queries["group"], PARTS, SECTION.seed, held_out).part


def with_wrong_truths(member: Member, chosen: np.ndarray) -> Member:
    other = Member()
    wrong = np.roll(NAMES, 5)[pd.Index(NAMES).get_indexer(member.queries["truth"])]
    known = chosen & (member.queries["kind"] == KNOWN).to_numpy()
    other.queries["truth"] = other.queries["truth"].mask(known, pd.Series(wrong))
    return other


@pytest.mark.parametrize(
    "method, sources",
    [
        ("reptile", ["reptile"]),
        ("prototypes", ["prototypes", "reranked"]),
        ("cosine", ["cosine"]),
        ("siamese", ["siamese"]),
        ("fomaml", ["fomaml"]),
    ],
)
def test_the_truth_of_a_query_changes_neither_its_model_nor_its_weight(
    member, method, sources, monkeypatch
):
    """Prototypes are not trained, so that with them the fusion weight alone could leak truth."""
    monkeypatch.setattr(fusion, "WEIGHTS", tuple(np.linspace(0, 3, 301)))  # reveals any change
    part = parts_of(member)
    right = run(member, method=method)
    for number in range(PARTS):
        wrong = run(with_wrong_truths(member, part == number), method=method)
        inside = right["query"].isin(member.queries["image"][part == number])
        checked = right["source"].isin(sources)
        assert right[inside & checked].equals(wrong[inside & checked])
        assert not right[~inside].equals(wrong[~inside])  # the others were trained on them


def test_duplicates_are_never_on_both_sides(member):
    part = parts_of(member)[:70]
    assert (part[0::2] == part[1::2]).all()


def test_without_known_queries_the_first_order_stays(member):
    member.queries["kind"] = np.where(member.queries["fold"] >= 0, LABELLED_NEW, TEST)
    member.queries["truth"] = np.where(member.queries["fold"] >= 0, "new_whale", "")
    table = run(member)
    assert column(table, "reranked").equals(column(member.evidence(), SECTION.first))
