"""Ranking photographs, against a slow loop and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from pipeline.data.scenarios import Scenarios, search_all
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.submission import contract, photographs
from pipeline.steps.submission.photographs import Individuals, Pairs

NONE = pd.DataFrame({"query": [], "image": [], "inliers": [], "weighted_inliers": []})
# a query that may be a or b; p0 to p2 are labelled, p3 has a posterior of its own
POSTERIORS = [
    *(("q", "a", 0.6), ("q", "b", 0.1), ("q", NEW_WHALE, 0.3)),
    *(("p3", "b", 0.2), ("p3", NEW_WHALE, 0.8)),
]
LABELS = [("p0", "b"), ("p1", "a"), ("p2", "a")]


def log_odds(pairs: pd.DataFrame) -> np.ndarray:
    return (10 * pairs["similarity"] + pairs["inliers"] + pairs["weighted_inliers"]).to_numpy()


def build(
    cosines: dict[str, float], matched: pd.DataFrame = NONE, viewpoint: dict[str, str] | None = None
) -> Pairs:
    """The query q, and photographs with these cosines to it."""
    angles = np.arccos([1.0, *cosines.values()])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Pairs(["q", *cosines], vectors, matched, log_odds, viewpoint or {})


def individuals() -> Individuals:
    posteriors = pd.DataFrame(POSTERIORS, columns=["query", "identity", "posterior"])
    return Individuals.build(posteriors, pd.DataFrame(LABELS, columns=["image", "identity"]))


def test_individuals_come_first_and_pairs_order_their_photographs():
    """p3: .1 x .2, and new .3 x .8 times the pair's probability."""
    pairs = build({"p0": 0.9, "p1": 0.1, "p2": 0.2, "p3": 0.3})
    found = photographs.rank(["q"], ["p0", "p1", "p2", "p3", "q"], individuals(), pairs)
    assert found["photograph"].tolist() == ["p2", "p1", "p3", "p0"]
    unlabelled = 0.02 + 0.24 * expit(3)
    assert found["score"].tolist() == pytest.approx([0.6, 0.6, unlabelled, 0.1], abs=2e-3)
    assert (found["score"].diff()[1:] < 0).all()


def test_inliers_count_in_both_directions_as_their_mean():
    matched = pd.DataFrame(
        [("q", "p1", 2.0, 2.0), ("q", "p1", 0.0, 0.0), ("x", "p2", 50.0, 50.0)],
        columns=NONE.columns,
    )
    odds, similarity = build({"p1": 0.1, "p2": 0.2}, matched).compare(["q"], ["p1", "p2"])
    assert odds[0] == pytest.approx([1 + 1 + 1, 2])
    assert similarity[0] == pytest.approx([0.1, 0.2])


def test_other_viewpoints_and_unread_photographs_come_last_of_their_individual():
    pairs = build({"p1": 0.9, "p2": -0.2}, viewpoint={"q": "left", "p1": "right", "p2": "left"})
    found = photographs.rank(["q"], ["p1", "p2"], individuals(), pairs)
    assert found["photograph"].tolist() == ["p2", "p1"]
    # nothing is known of either: the order of the database
    unread = photographs.rank(["unread"], ["p2", "gone"], individuals(), pairs)
    assert unread["photograph"].tolist() == ["p2", "gone"]
    assert (unread["score"] < photographs.RANK_WEIGHT + 1e-9).all()


def test_as_a_slow_loop_over_queries_and_photographs():
    """Three blocks of queries, which are in the database themselves."""
    rng = np.random.default_rng(0)
    names = [f"i{n}" for n in range(150)]
    vectors = rng.normal(size=(150, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    guesses = rng.dirichlet(np.ones(4), 150)
    identities = ["a", "b", "c", NEW_WHALE]
    rows = [
        (name, identity, guess)
        for name, own in zip(names, guesses, strict=True)
        for identity, guess in zip(identities, own, strict=True)
    ]
    labels = pd.DataFrame([(name, rng.choice(identities)) for name in names[:60]])
    labels.columns = pd.Index(["image", "identity"])
    shown = Individuals.build(
        pd.DataFrame(rows, columns=["query", "identity", "posterior"]), labels
    )
    pairs = Pairs(names, vectors, NONE, log_odds, {})
    found = photographs.rank(names, names, shown, pairs)
    guesses[:60] = [[identity == own for own in identities] for identity in labels["identity"]]
    for query in (0, 64, 149):
        scored = []
        for other in set(range(150)) - {query}:
            odds = 10 * vectors[query] @ vectors[other]
            new = guesses[query, 3] * guesses[other, 3] * expit(odds)
            scored.append((guesses[query, :3] @ guesses[other, :3] + new, odds, names[other]))
        expected = [name for *_, name in sorted(scored, reverse=True)[:20]]
        own = found[found["query"] == names[query]]
        assert own["photograph"].tolist() == expected


def test_held_out_queries_are_searched_in_their_own_galleries():
    """a0 finds a1 and b0, not itself; c1 is new without c's only other photograph in a part."""
    rows = [("a0", "a", 0), ("a1", "a", 1), ("b0", "b", 0), ("b1", "b", 1), ("c1", "c", 1)]
    folds = pd.DataFrame(rows, columns=["image", "identity", "fold"])
    folds = folds.assign(group=range(5), only_fold="", part=[0, 0, 1, 1, 2])
    queries = folds[["image", "fold", "part"]].assign(kind=["known"] * 4 + ["unseen"])
    posteriors = pd.DataFrame(
        [(name, name[0], 0.9) for name in folds["image"]],
        columns=["query", "identity", "posterior"],
    )
    vectors = np.tile([1.0, 0.0], (5, 1))
    pairs = Pairs(folds["image"].tolist(), vectors, NONE, log_odds, {})
    found = photographs.find_held_out(queries, folds, posteriors, lambda _: pairs)
    lists = found.groupby("query")["photograph"].agg(list)
    assert set(lists.index) == {"a0", "a1", "b0", "b1"}
    assert lists["a0"][0] == "a1" and set(lists["a0"]) == {"a1", "b0", "b1", "c1"}
    assert photographs.find_held_out(queries[:0], folds, posteriors, lambda _: pairs).empty


@pytest.fixture
def answers(tmp_path):
    """Two queries of one photograph, and what the file has of them."""
    scenarios = Scenarios(
        pd.DataFrame({"scenario": ["s", "t"], "query": ["s-q", "t-q"], "image": ["q", "q"]}),
        pd.DataFrame({"scenario": ["s", "s", "t"], "image": ["p0", "q", "p1"]}),
    )
    found = photographs.answer(scenarios, individuals(), build({"p0": 0.9, "p1": 0.1}))
    return scenarios, found, tmp_path / "answers.csv"


def test_the_file_has_every_query_under_its_own_name(answers):
    scenarios, found, path = answers
    photographs.write_answers(found, scenarios, path)
    assert path.read_text() == ("query_id,database_image_id,score\ns-q,p0,0.1009\nt-q,p1,0.6004\n")


@pytest.mark.parametrize(
    "change",
    [{"photograph": "q"}, {"photograph": "p9"}, {"score": 1.5}, {"query": "t-q"}],
    ids=["itself", "of another database", "no probability", "none, and twice"],
)
def test_nothing_is_written_if_the_contract_is_broken(change, answers):
    scenarios, found, path = answers
    found.loc[0, list(change)] = list(change.values())
    with pytest.raises(ValueError, match="distinct photographs of the 1 of its database"):
        photographs.write_answers(found, scenarios, path)
    assert not path.exists()


def test_equal_scores_break_the_contract():
    scenarios = search_all(["q"], ["p0", "p1"])
    found = pd.DataFrame({"query": "q", "photograph": ["p0", "p1"], "score": 0.5})
    with pytest.raises(ValueError, match="falling scores"):
        contract.check_photographs(found, scenarios)
