"""Held-out scores over time."""

import pandas as pd

from pipeline.leaderboard import history
from pipeline.leaderboard.progress import MOST, plot_progress


def table(*rows: dict) -> pd.DataFrame:
    past = pd.DataFrame([dict.fromkeys(history.COLUMNS, "") | row for row in rows])
    return past.reindex(columns=history.COLUMNS)


def row(ensemble: str, day: int, score: str) -> dict:
    date = f"2026-01-{day:02}T03:04:05+00:00"
    return {"ensemble": ensemble, "date": date, "held_out_map5": score}


def test_first_and_last_scores_are_named():
    past = table(row("a<b>", 1, "0.7"), row("a<b>", 3, "0.9"), row("a<b>", 5, "0.8"))
    picture = plot_progress(past)
    assert "a&lt;b&gt; 0.700 at first, 0.800 now" in picture and "svg" in picture


def test_one_submission_is_no_progress():
    assert plot_progress(table(row("card", 1, "0.7"), row("best", 2, "0.8"))) == ""
    assert plot_progress(table(row("card", 1, "0.7"), row("card", 2, ""))) == ""
    assert plot_progress(table()) == ""


def test_of_many_ensembles_the_latest_are_drawn():
    names = [f"e{number:02}" for number in range(MOST + 2)]
    past = table(*(row(name, day, "0.5") for day, name in enumerate(names * 2, start=1)))
    picture = plot_progress(past)
    assert [name for name in names if f"{name} 0.500" in picture] == names[2:]
