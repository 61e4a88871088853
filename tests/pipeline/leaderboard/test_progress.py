"""Held-out scores over time."""

from pipeline.leaderboard.progress import MOST, plot_progress
from tests.pipeline.leaderboard.past import build_past


def row(ensemble: str, day: int, score: str) -> dict:
    date = f"2026-01-{day:02}T03:04:05+00:00"
    return {"ensemble": ensemble, "date": date, "held_out_map5": score}


def test_first_and_last_scores_are_named():
    past = build_past(row("a<b>", 1, "0.7"), row("a<b>", 3, "0.9"), row("a<b>", 5, "0.8"))
    picture = plot_progress(past)
    assert "a&lt;b&gt; 0.700 at first, 0.800 now" in picture and "svg" in picture


def test_one_submission_is_no_progress():
    assert plot_progress(build_past(row("card", 1, "0.7"), row("best", 2, "0.8"))) == ""
    assert plot_progress(build_past(row("card", 1, "0.7"), row("card", 2, ""))) == ""
    assert plot_progress(build_past()) == ""


def test_of_many_ensembles_the_latest_are_drawn():
    names = [f"e{number:02}" for number in range(MOST + 2)]
    past = build_past(*(row(name, day, "0.5") for day, name in enumerate(names * 2, start=1)))
    picture = plot_progress(past)
    assert [name for name in names if f"{name} 0.500" in picture] == names[2:]
