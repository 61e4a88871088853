"""The second look at one member's queries: what may move, what may not, and who may know what."""

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline import params
from pipeline.data import evidence
from pipeline.data.gallery import KNOWN, LABELLED_NEW, TEST, Embeddings
from pipeline.evaluation import protocol
from pipeline.fewshot.networks import Dense, repeated
from pipeline.models.pair_head import PairHead
from pipeline.steps.rerank import candidates, fusion, reptile, rerank
from tests.conftest import ROOT

SECTION = params.load(ROOT / "tests/params.yaml").rerank
QUICK = SECTION.reptile.model_copy(update={"meta_steps": 4, "hidden": 16})
NAMES = [f"w{i:02d}" for i in range(14)]
PARTS = 3
METHODS = ["reptile", "prototypes", *params.FEW_SHOT]


class Member:
    """14 identities with 2 gallery photographs each, 70 held-out queries and 20 of the test."""

    def __init__(self, dim: int = 12) -> None:
        rng = np.random.default_rng(0)
        centres = rng.normal(size=(14, dim))
        labels = np.concatenate([np.repeat(np.arange(14), 2), rng.integers(0, 14, 90)])
        vectors = centres[labels] + 0.8 * rng.normal(size=(len(labels), dim))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        images = [f"g{i}" for i in range(28)] + [f"q{i}" for i in range(90)]
        self.embeddings = Embeddings(np.array(images), vectors.astype(np.float32))
        named = np.array(NAMES)[labels]
        self.gallery = pd.DataFrame({"image": images[:28], "identity": named[:28]})
        fold = np.where(np.arange(90) < 70, 0, -1)
        kind = np.where(fold < 0, TEST, np.where(np.arange(90) % 7 == 0, LABELLED_NEW, KNOWN))
        truth = np.where(kind == KNOWN, named[28:], np.where(kind == TEST, "", "new_whale"))
        queries = {"image": images[28:], "group": np.arange(90) // 2, "kind": kind}
        self.queries = pd.DataFrame({**queries, "truth": truth, "fold": fold})
        similarity = self.embeddings.vectors[28:] @ self.embeddings.vectors[:28].T
        noise = rng.normal(scale=0.3, size=(90, 14))
        self.scores = similarity.reshape(90, 14, 2).mean(axis=2) + noise

    def found(self, keep: int = 14) -> pd.DataFrame:
        """The first score of every query's best `keep` identities."""
        rank = (-self.scores).argsort(axis=1).argsort(axis=1)
        query, label = np.nonzero(rank < keep)
        images = self.queries["image"].to_numpy()
        scores = {SECTION.first: self.scores[query, label]}
        return evidence.build(images[query], np.array(NAMES)[label], "lite0-0", scores)


@pytest.fixture
def member() -> Member:
    return Member()


def run(
    member: Member,
    found: pd.DataFrame | None = None,
    crops: np.ndarray | None = None,
    **changes,
) -> pd.DataFrame:
    section = SECTION.model_copy(update={"reptile": QUICK, **changes})
    found = member.found() if found is None else found
    rows = member.gallery, member.queries
    return rerank.rerank(found, member.embeddings, *rows, section, PARTS, {}, crops=crops)


def column(table: pd.DataFrame, source: str) -> pd.Series:
    own = table[table["source"] == source]
    return own.set_index(["query", "identity"])["score"].sort_index()


def ranks(scores: pd.Series) -> pd.Series:
    return scores.groupby("query").rank(ascending=False, method="first")


@pytest.mark.parametrize("method", METHODS)
def test_the_first_change_places_and_nothing_else_moves(member, method):
    table = run(member, method=method, top=5)
    first, reranked = column(member.found(), SECTION.first), column(table, "reranked")
    assert first.index.equals(reranked.index)
    inside = ranks(first) <= 5
    assert reranked[~inside].equals(first[~inside])
    for query, own in first[inside].groupby("query"):
        assert sorted(reranked[inside][query]) == sorted(own)
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


@pytest.mark.parametrize(
    ("section", "leaf", "value"),
    [(section, *own) for section, leaves in OTHER_VALUES.items() for own in leaves.items()],
)
def test_every_value_changes_what_is_said(member, section, leaf, value):
    """`sees` and `side` are tried in test_learned.py and test_small_crops.py."""
    method = {"reptile": "reptile", "fewshot": "siamese"}[section]
    taught = SECTION.fewshot.model_copy(update={"steps": 5, "learning_rate": 1e-2, "tasks": 8})
    base = {"method": method, "reptile": QUICK, "fewshot": taught}
    changed = base | {section: base[section].model_copy(update={leaf: value})}
    first, second = (column(run(member, **own), method) for own in (base, changed))
    assert not np.allclose(first, second, atol=1e-7)


def test_every_other_value_is_tried():
    for section, tried in OTHER_VALUES.items():
        there = set(type(getattr(SECTION, section)).model_fields)
        assert set(tried) == there - {"input", "crop_height"}


@pytest.mark.parametrize("first", ["nearest", "mean", "centre", "vote"])
def test_the_first_score_names_the_candidates(member, first):
    """The other scores point the other way round: who follows them sees other candidates."""
    turned = dict.fromkeys(("nearest", "mean", "centre", "vote"), -member.scores)
    turned[first] = member.scores
    query, label = np.nonzero(np.isfinite(member.scores))
    scores = {one: values[query, label] for one, values in turned.items()}
    names = member.queries["image"].to_numpy()[query], np.array(NAMES)[label]
    found = evidence.build(*names, "lite0-0", scores)
    reranked = column(run(member, found, method="prototypes", first=first, top=2), "reranked")
    best = reranked.unstack().idxmax(axis=1)
    ordered = (-member.scores).argsort(axis=1)[:, :2]
    allowed = dict(zip(member.queries["image"], np.array(NAMES)[ordered], strict=True))
    assert all(name in allowed[query] for query, name in best.items())


@pytest.mark.parametrize("method", ["reptile", "prototypes", "siamese", "matching_full"])
def test_every_query_is_looked_at_again(member, method):
    """Not the first ten rows alone: a score for the first `top` of every query, test included."""
    own = column(run(member, method=method, top=5), method)
    assert own.groupby("query").size().to_dict() == dict.fromkeys(member.queries["image"], 5)


def test_k_reciprocal_takes_the_score_of_the_search(member):
    """The search's score is the first one turned round: taken on trust, it is not followed."""
    query, label = np.nonzero(np.isfinite(member.scores))
    scores = {
        SECTION.first: member.scores[query, label],
        "reciprocal": -member.scores[query, label],
    }
    names = member.queries["image"].to_numpy()[query], np.array(NAMES)[label]
    found = evidence.build(*names, "lite0-0", scores)
    table = run(member, found, method="k_reciprocal", top=5)
    first = column(found, SECTION.first)
    inside = ranks(first) <= 5
    assert column(table, "k_reciprocal").to_dict() == (-first[inside]).to_dict()
    assert column(table, "reranked").equals(first)  # the fitted weight is 0


def test_queries_of_all_kinds_and_places_change_their_order(member):
    reranked = column(run(member), "reranked")
    first = column(member.found(), SECTION.first)
    moved = (reranked != first).groupby("query").any()
    moved = moved[member.queries["image"]].to_numpy()
    assert moved[:30].any() and moved[30:70].any() and moved[70:].any()


def test_embeddings_and_starts_stay_bit_equal(member, monkeypatch):
    starts = []
    meta = reptile.meta_trained
    monkeypatch.setattr(reptile, "meta_trained", lambda *a: starts.append(meta(*a)) or starts[-1])
    vectors = member.embeddings.vectors.copy()
    adapt = reptile.adapted_scores

    def watched(heads, *others):
        before = [tensor.clone() for tensor in heads]
        scores = adapt(heads, *others)
        assert all(torch.equal(a, b) for a, b in zip(before, heads, strict=True))
        return scores

    monkeypatch.setattr(reptile, "adapted_scores", watched)
    run(member)
    assert len(starts) == 1 and len(starts[0][0]) == PARTS + 1
    assert np.array_equal(member.embeddings.vectors, vectors)


def test_every_query_starts_anew(member):
    """The order and the company of the queries change no score."""
    few = member.queries["image"].isin([f"q{i}" for i in (3, 40, 75)])
    top = candidates.first_candidates(
        column(member.found(), SECTION.first),
        5,
        rerank._rows_of(member.gallery, member.embeddings),
        2,
        {},
    )
    part = np.arange(90) % 2
    starts = repeated(Dense(12, 16).start(torch.Generator().manual_seed(0)), 2)
    scores = reptile.adapted_scores(starts, part, top, member.embeddings, QUICK)
    chosen = np.flatnonzero(np.isin(top.queries, member.queries["image"][few]))[::-1]
    alone = candidates.Candidates(
        top.queries[chosen], top.identities[chosen], top.scores[chosen], top.supports[chosen]
    )
    again = reptile.adapted_scores(starts, part[chosen], alone, member.embeddings, QUICK)
    assert again == pytest.approx(scores[chosen], abs=1e-4)


def test_blocks_of_queries_change_no_score(member, monkeypatch):
    whole = run(member)
    monkeypatch.setattr(reptile, "QUERIES_AT_ONCE", 7)
    found, expected = (column(table, "reptile") for table in (run(member), whole))
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-4)


@pytest.mark.parametrize("method", ["reptile", "prototypes", "siamese", "matching_full"])
@pytest.mark.parametrize("keep", [1, 3])
@pytest.mark.filterwarnings("error")
def test_fewer_candidates_than_may_change_places(member, method, keep):
    found = member.found(keep=keep)
    table = run(member, found, method=method)
    assert len(column(table, method)) == 90 * keep
    assert np.isfinite(table["score"]).all()
    if keep == 1:
        assert column(table, "reranked").equals(column(found, SECTION.first))


def test_switched_off_it_says_nothing(member):
    table = run(member, method="none")
    assert table.columns.tolist() == evidence.COLUMNS and table.empty


def test_prototypes_by_hand():
    """a has photographs at 0 and 90 degrees, b one at 90; the query lies at 0."""
    plane = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    embeddings = Embeddings(np.array(["a0", "b0", "q"]), plane)
    top = candidates.Candidates(
        np.array(["q"]),
        np.array([["a", "b", ""]], dtype=object),
        np.array([[0.9, 0.8, -np.inf]]),
        np.array([[[0, 1], [1, -1], [-1, -1]]]),
    )
    assert rerank.prototype_scores(top, embeddings).tolist() == [[0.5, 0, -np.inf]]


def test_the_same_seed_gives_the_same_bits(member):
    assert run(member).equals(run(member))
    assert not run(member).equals(run(member, seed=1))


def test_reptile_helps_where_the_first_score_is_weak(member):
    """It sees the photographs, the first score is half noise; all is as in params.yaml."""
    known = member.queries[member.queries["kind"] == KNOWN]
    truth = pd.MultiIndex.from_frame(known[["image", "truth"]])
    first = column(member.found(), SECTION.first)
    reranked = column(run(member, reptile=SECTION.reptile), "reranked")
    before, after = (1 / ranks(scores).reindex(truth) for scores in (first, reranked))
    assert after.mean() > before.mean() + 0.02


# Leaks: what a held-out query helped to fit must never score it.


def parts_of(member: Member) -> np.ndarray:
    held = (member.queries["fold"] >= 0).to_numpy()
    part = np.full(len(member.queries), PARTS)
    groups = member.queries["group"][held]
    part[held] = protocol.crossfit_parts(groups, PARTS, SECTION.seed)
    return part


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
def test_a_query_s_own_truth_reaches_neither_its_start_nor_its_weight(
    member, method, sources, monkeypatch
):
    """Prototypes learn nothing, so that with them the fusion weight alone can give truth away."""
    monkeypatch.setattr(fusion, "WEIGHTS", tuple(np.linspace(0, 3, 301)))  # show any change
    part = parts_of(member)
    right = run(member, method=method)
    for one in range(PARTS):
        wrong = run(with_wrong_truths(member, part == one), method=method)
        own = right["query"].isin(member.queries["image"][part == one])
        told = right["source"].isin(sources)
        assert right[own & told].equals(wrong[own & told])
        assert not right[~own].equals(wrong[~own])  # the others did learn from them


def test_copies_of_a_photograph_are_never_on_both_sides(member):
    part = parts_of(member)[:70]
    assert (part[0::2] == part[1::2]).all()


def test_without_enough_identities_the_random_start_is_used(member):
    member.queries["kind"] = np.where(member.queries["fold"] >= 0, LABELLED_NEW, TEST)
    member.queries["truth"] = np.where(member.queries["fold"] >= 0, "new_whale", "")
    table = run(member)
    assert column(table, "reranked").equals(column(member.found(), SECTION.first))


def test_a_twin_networks_word_is_added_to_the_evidence(member):
    """A head that likes small differences agrees with the truth more often than not."""
    head = PairHead("absolute", 12, 1)
    head.last.weight.data.fill_(-1.0)
    section = SECTION.model_copy(update={"method": "siamese_head"})
    asked = (member.found(), member.embeddings, member.gallery, member.queries, section, PARTS, {})
    table = rerank.rerank(*asked, head, 12)
    assert set(table["source"]) == {"siamese_head", "reranked"}
    said = column(table, "siamese_head").reset_index()
    best = said.sort_values("score").drop_duplicates("query", keep="last").set_index("query")
    known = member.queries[member.queries["kind"] == KNOWN].set_index("image")["truth"]
    assert (best["identity"].reindex(known.index) == known).mean() > 0.5


def test_two_sides_of_an_individual_do_not_stand_for_each_other(member):
    """Every individual shows its left in one photograph and its right in the other."""
    side = {f"g{i}": ("left", "right")[i % 2] for i in range(28)} | {"q3": "left"}
    section = SECTION.model_copy(update={"method": "prototypes"})
    asked = (member.found(), member.embeddings, member.gallery, member.queries, section, PARTS)
    found = column(rerank.rerank(*asked, side), "prototypes")["q3"]
    own = member.embeddings.of(pd.Series(["q3"]))[0]
    lefts = member.embeddings.of(pd.Series([f"g{i}" for i in range(0, 28, 2)])) @ own
    np.testing.assert_allclose(found, pd.Series(lefts, NAMES)[found.index], rtol=1e-5)
