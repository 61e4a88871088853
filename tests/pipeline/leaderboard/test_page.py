"""The history as a page in a browser."""

import pandas as pd
from axe_playwright_python.sync_playwright import Axe

from pipeline.leaderboard import history, page
from tests.pipeline.leaderboard.past import build_past
from tests.pipeline.steps.report.browser import open_browser

FIRST = {"ensemble": "card", "date": "2026-01-02T03:04:05+00:00", "held_out_map5": "0.8"}
FIRST |= {"map5_low": "0.75", "map5_high": "0.85", "new_share": "0.3", "commit": "0123abc"}
SECOND = FIRST | {"held_out_map5": "0.82", "difference": "0.02", "low": "0.01", "high": "0.03"}
SECOND |= {"changed": 'a: "<b>" -> 2', "seconds": "90", "kaggle_public": "0.81234"}


def test_the_newest_row_is_first_with_its_gain(tmp_path):
    path = tmp_path / "leaderboard.html"
    path.write_text(page.render_page(build_past(FIRST, SECOND)))
    with open_browser() as (tab, faults):
        tab.goto(path.as_uri())
        best, everything = tab.locator("table").all()
        assert "0.820 (0.750 to 0.850)" in best.inner_text()
        assert best.locator("tbody tr").count() == 1
        assert tab.locator("figure img").count() == 1
        first, second = (row.inner_text() for row in everything.locator("tbody tr").all())
        assert "+0.020 (+0.010 to +0.030)" in first and 'a: "<b>" -> 2' in first
        assert "1.5 min" in first and "0.812" in first and "30%" in first
        assert "0.800 (0.750 to 0.850)" in second and "2026-01-02 03:04:05" in second
        assert tab.locator(".better").count() == 1
        violations = Axe().run(tab).response["violations"]
        assert [(violation["id"], violation["impact"]) for violation in violations] == []
        assert faults == []


def test_a_phone_shows_every_value_without_scrolling_sideways(tmp_path):
    path = tmp_path / "leaderboard.html"
    path.write_text(page.render_page(build_past(FIRST, SECOND | {"lock": "f" * 40})))
    with open_browser() as (tab, _):
        tab.set_viewport_size({"width": 360, "height": 740})
        tab.goto(path.as_uri())
        widths = "[document.documentElement, ...document.querySelectorAll('section')]"
        wider = tab.evaluate(f"{widths}.filter(one => one.scrollWidth > one.clientWidth).length")
        assert wider == 0
        cell = tab.locator("td.better")
        shown = "getComputedStyle(cell, '::before').content"
        assert "gain over the previous" in cell.evaluate(f"cell => {shown}")
        violations = Axe().run(tab).response["violations"]
        assert [(violation["id"], violation["impact"]) for violation in violations] == []


def test_a_column_without_any_value_is_left_out():
    text = page.render_page(build_past(FIRST))
    assert "Kaggle" not in text and "dvc.lock" not in text and "held out" in text


def test_only_a_gain_that_is_clear_of_0_is_highlighted():
    assert page.is_clear({"low": "0.1", "high": "0.2"}) and page.is_clear(
        {"low": "-0.2", "high": "-0.1"}
    )
    assert not page.is_clear({"low": "-0.1", "high": "0.2"}) and not page.is_clear(
        {"low": "", "high": ""}
    )


def test_an_empty_history_is_an_empty_table():
    text = page.render_page(pd.DataFrame(columns=history.COLUMNS))
    assert text.count("<tbody>\n\n</tbody>") == 2 and "<figure>" not in text
