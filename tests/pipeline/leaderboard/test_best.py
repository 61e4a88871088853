"""The best submission of every ensemble."""

from pipeline.leaderboard import best
from tests.pipeline.leaderboard.past import build_past


def test_the_highest_of_each_ensemble_the_best_ensemble_first():
    past = build_past(
        {"ensemble": "card", "held_out_map5": "0.7", "csv": "a"},
        {"ensemble": "best", "held_out_map5": "0.9", "csv": "b"},
        {"ensemble": "card", "held_out_map5": "0.8", "csv": "c"},
        {"ensemble": "best", "held_out_map5": "0.85", "csv": "d"},
        {"ensemble": "card", "held_out_map5": "0.75", "csv": "e"},
        {"ensemble": "unscored", "csv": "f"},
    )
    assert best.find_best(past)["csv"].tolist() == ["b", "c"]


def test_of_equal_scores_the_later_one():
    past = build_past(*({"ensemble": "card", "held_out_map5": "0.7", "csv": csv} for csv in "ab"))
    assert best.find_best(past)["csv"].tolist() == ["b"]


def test_scores_of_another_measure_than_the_last_do_not_compete():
    past = build_past(
        {"ensemble": "card", "held_out_map5": "0.9", "csv": "a"},
        {"ensemble": "card", "measure": "baks_baus", "held_out": "0.4", "csv": "b"},
        {"ensemble": "card", "measure": "baks_baus", "held_out": "0.3", "csv": "c"},
    )
    assert best.find_best(past)["csv"].tolist() == ["b"]
    assert best.held_out_scores(past).tolist() == [0.9, 0.4, 0.3]


def test_rows_without_a_measure_have_map5():
    past = build_past(
        {"ensemble": "card", "held_out_map5": "0.9", "csv": "a"},
        {"ensemble": "card", "measure": "map5", "held_out_map5": "0.8", "csv": "b"},
    )
    assert best.find_best(past)["csv"].tolist() == ["a"]


def test_an_empty_history_has_none():
    assert best.find_best(build_past()).empty
