"""Every figure is a picture with a sentence that states its main number."""

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


def decode_svg(html: str) -> str:
    """The SVG inside a figure."""
    return base64.b64decode(html.partition("base64,")[2].partition('"')[0]).decode()


def test_the_best_threshold_is_stated():
    html = figures.plot_threshold(CURVE)
    assert (
        "highest, 0.900, at a shift of 0.5, at which 25% of the first answers are new_whale" in html
    )
    assert "fraction answered as new" in decode_svg(html)


def test_the_mean_deviation_from_the_diagonal_is_stated():
    table = pd.DataFrame(
        {"probability": [0.2, 0.8], "frequency": [0.3, 0.8], "fraction": [0.5, 0.5]}
    )
    assert "differs on average by 0.050" in figures.plot_reliability(table)


def test_class_sizes_without_queries_are_left_out():
    html = figures.plot_class_sizes(SIZES)
    assert "0.500 with 1, 0.750 with 2." in html
    assert "(5)" in decode_svg(html) and "(0)" not in decode_svg(html)


def test_outcomes_are_fractions_of_known_and_new():
    html = figures.plot_outcomes(OUTCOMES)
    assert "of the known, 25% another, 75% known, 0% new" in html
    assert "of the new, 0% another, 0% known, 100% new" in html


SUMMARY = {"views_per_identity": 19.6, "fit": 0.824, "not_converged": "train longer"}


def test_a_training_of_one_epoch_is_plotted():
    history = pd.DataFrame({"epoch": [0], "loss": [2.5]})
    html = figures.plot_training({"lite0-0": history}, {"lite0-0": SUMMARY})
    expected = "lite0-0 saw an individual 20 times, final loss 2.5, 82% of its photographs"
    assert f"{expected} recognised (not converged)." in html


def test_a_training_that_has_converged_or_has_no_fit_is_not_blamed():
    text = figures.describe_training("a", 1.0, SUMMARY | {"fit": None, "not_converged": ""})
    assert text == "a saw an individual 20 times, final loss 1"


def test_networks_that_are_not_trained_are_not_plotted():
    nothing = pd.DataFrame({"epoch": [], "rate": [], "loss": []})
    assert figures.plot_training({"a": nothing, "b": nothing}, {}) == ""
    trained = pd.DataFrame({"epoch": [0], "loss": [2.5]})
    both = figures.plot_training({"a": nothing, "b": trained}, {"b": SUMMARY})
    assert "b saw an individual 20 times" in both and "a saw" not in both


def test_scores_between_epochs_leave_the_losses_unchanged():
    often = pd.DataFrame(
        {"epoch": [-0.5, 0, 0.5, 1], "loss": [np.nan, 2.0, np.nan, 1.0], "way20_shot1": 0.5}
    )
    plain = often.dropna()
    first, second = (
        figures.plot_training({"lite0-0": table}, {"lite0-0": SUMMARY}) for table in (often, plain)
    )
    assert first == second
    assert figures.plot_inner_validation({"lite0-0": often}) != figures.plot_inner_validation(
        {"lite0-0": plain}
    )


def test_inner_validation_is_plotted_for_members_that_have_it():
    plain = pd.DataFrame({"epoch": [0, 1], "loss": [2.5, 2.0]})
    assert figures.plot_inner_validation({"lite0-0": plain}) == ""
    validated = plain.assign(way20_shot1=[0.25, 0.75])
    html = figures.plot_inner_validation({"lite0-0": validated, "lite0-1": plain})
    assert "final accuracy: lite0-0 0.75." in html and "lite0-0" in decode_svg(html)


def test_a_range_test_suggests_a_rate_if_its_loss_falls():
    falling = pd.DataFrame(
        {"rate": 10.0 ** np.arange(-5, 4), "loss": [10, 10, 10, 7, 4, 4, 4, 5, 27]}
    )
    html = figures.plot_lr_range("lite0", falling.assign(smoothed=falling["loss"]))
    assert "Learning rates of lite0: the range test suggests train.learning_rate 1.0e-02." in html
    assert "suggested: 1.0e-02" in decode_svg(html)
    rising = pd.DataFrame(
        {"rate": [1e-3, 1e-2, 1e-1], "loss": [1.0, 2, 3], "smoothed": [1.0, 2, 3]}
    )
    html = figures.plot_lr_range("lite0", rising)
    assert "never falls" in html and "suggested" not in decode_svg(html)


def test_captions_are_escaped_and_figures_are_reproducible():
    first, second = (figures.render_figure("<b>", 'a "quote"', lambda axes: None) for _ in range(2))
    assert "<b>" not in first and "&lt;b&gt;: a &quot;quote&quot;" in first
    assert first == second


def test_what_is_not_measured_has_no_figure():
    columns = ["shift", "map5", "new_share", "probability", "frequency", "fraction"]
    empty = pd.DataFrame(columns=[*columns, "photographs", "queries", "top1"], dtype=float)
    plots = (figures.plot_threshold, figures.plot_reliability, figures.plot_class_sizes)
    assert [plot(empty) for plot in plots] == [""] * 3
