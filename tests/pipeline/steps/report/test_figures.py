"""Every figure is a picture and a sentence that says what is to be seen in it."""

import base64

import numpy as np
import pandas as pd

from pipeline.steps.report import figures

CURVE = pd.DataFrame({"shift": [-1.0, 0.5, 1], "map5": [0.3, 0.9, 0.5], "new_share": [0, 0.25, 1]})
SIZES = pd.DataFrame(
    {"photographs": ["1", "2", "3-4"], "queries": [3, 5, 0], "map5": [0.5, 0.75, np.nan]}
).assign(top1=[0.4, 0.6, np.nan])
OUTCOMES = pd.DataFrame(
    {
        "actual": ["known", "known", "known", "known", "new"],
        "predicted": ["known", "known", "known", "another", "new"],
    }
)


def picture(html: str) -> str:
    """The SVG inside."""
    return base64.b64decode(html.partition("base64,")[2].partition('"')[0]).decode()


def test_where_new_whale_stands_best():
    html = figures.threshold(CURVE)
    assert "highest, 0.900, with a shift of 0.5, where 25% are called new first" in html
    assert "share called new" in picture(html)


def test_reliability():
    table = pd.DataFrame(
        {"probability": [0.2, 0.8], "frequency": [0.3, 0.8], "fraction": [0.5, 0.5]}
    )
    assert "on average 0.050 away" in figures.reliability(table)


def test_sizes_that_nobody_has_are_left_out():
    html = figures.by_size(SIZES)
    assert "0.500 with 1, 0.750 with 2." in html
    assert "(5 asked)" in picture(html) and "(0 asked)" not in picture(html)


def test_outcomes():
    html = figures.outcomes(OUTCOMES)
    assert "of the known, 25% another, 75% known, 0% new" in html
    assert "of the new, 0% another, 0% known, 100% new" in html


def test_training_of_a_single_epoch():
    html = figures.training({"lite0-0": pd.DataFrame({"epoch": [0], "loss": [2.5]})})
    assert "lite0-0 2.5" in html


def test_scores_between_the_epochs_leave_the_losses_whole():
    often = pd.DataFrame(
        {"epoch": [-0.5, 0, 0.5, 1], "loss": [np.nan, 2.0, np.nan, 1.0], "way20_shot1": 0.5}
    )
    plain = often.dropna()
    assert figures.training({"lite0-0": often}) == figures.training({"lite0-0": plain})
    assert figures.examined({"lite0-0": often}) != figures.examined({"lite0-0": plain})


def test_examinations_of_the_inner_split_where_there_were_any():
    plain = pd.DataFrame({"epoch": [0, 1], "loss": [2.5, 2.0]})
    assert figures.examined({"lite0-0": plain}) == ""
    asked = plain.assign(way20_shot1=[0.25, 0.75])
    html = figures.examined({"lite0-0": asked, "lite0-1": plain})
    assert "right at the end: lite0-0 0.75." in html and "lite0-0" in picture(html)


def test_learning_rates_with_a_suggestion_and_where_the_loss_never_falls():
    falling = pd.DataFrame(
        {"rate": 10.0 ** np.arange(-5, 4), "loss": [10, 10, 10, 7, 4, 4, 4, 5, 27]}
    )
    html = figures.rate_range("lite0", falling.assign(smoothed=falling["loss"]))
    assert "Learning rates of lite0: the range test suggests train.learning_rate 1.0e-02." in html
    assert "suggested: 1.0e-02" in picture(html)
    rising = pd.DataFrame(
        {"rate": [1e-3, 1e-2, 1e-1], "loss": [1.0, 2, 3], "smoothed": [1.0, 2, 3]}
    )
    html = figures.rate_range("lite0", rising)
    assert "never falls" in html and "suggested" not in picture(html)


def test_words_are_no_html_and_the_same_figure_has_the_same_bytes():
    first, second = (figures.figure("<b>", 'a "quote"', lambda axes: None) for _ in range(2))
    assert "<b>" not in first and "&lt;b&gt;: a &quot;quote&quot;" in first
    assert first == second
