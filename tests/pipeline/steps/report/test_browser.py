"""The report in a browser: filters, matches, keyboard, accessibility; names are never run."""

from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pipeline.steps.report import photographs
from pipeline.steps.report.render import render
from tests.pipeline.steps.report.browser import open_browser

NASTY = '<img src=x onerror="alert(1)">'
CARD = {"map5": 0.5, "map5_low": 0.4, "map5_high": 0.6, "top1": 0.4, "recall_unseen": None}
WHOLE = [0, 0, 1000, 0, 1000, 1000, 0, 1000]
MASK = [250, 300, 750, 300, 500, 800]
KNOWN, OTHERS = 65, 3  # queries; two of the others are new, one is of the test


def make_content() -> dict:
    """65 queries of known individuals, two of new ones, and a test query.

    Every third answer to a known one is wrong.
    """
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (4, 60, 90, 3), np.uint8)
    images, queries = {}, []
    for i in range(KNOWN):
        first, second = ("w_1", NASTY) if i % 3 else (NASTY, "w_1")
        best = {"p": 0.6, "g": "gallery.jpg", "x": 1, "l": [300, 400, 600, 500], "s": [0.7, 0.2]}
        answers = [{"i": first} | best, {"i": "new_whale", "p": 0.3}, {"i": second, "p": 0.0}]
        queries.append({"q": f"{i:02}.jpg", "k": "known", "t": "w_1", "f": i % 2, "n": i % 9})
        queries[-1] |= {"a": answers, "b": [["w_1", NASTY], [NASTY, "w_1"]]}
    for name, kind in ((NASTY, "unseen"), ("s.jpg", "labelled_new"), ("t.jpg", "test")):
        truth = "" if kind == "test" else "new_whale"
        answers = [{"i": "new_whale", "p": 0.4}, {"i": "w_1", "p": 0.2, "g": "gallery.jpg", "x": 0}]
        queries.append({"q": name, "k": kind, "t": truth, "f": 0, "n": 0, "a": answers})
    queries[-1]["u"] = 3
    for number, name in enumerate([query["q"] for query in queries] + ["gallery.jpg"]):
        mask = MASK if number % 2 else []
        images[name] = {"t": number % 4, "w": 90, "h": 60, "c": WHOLE, "m": mask}
    thumbnails = [photographs.encode_webp(picture, 90) for picture in noise]
    content = {"ensemble": NASTY, "card": CARD, "sources": ["lite0.nearest", "local.votes"]}
    spots = [[0, 1000, "00.jpg", NASTY, ""], [500, 500, "gallery.jpg", "w_1", "conflict"]]
    content["map"] = {"m": "lite0-0", "p": spots}
    content["masks"] = {"n": 9, "m": 0.8, "b": 0.7, "source": "mask"}
    content["masks"]["p"] = [{"q": NASTY, "m": 0.2, "b": 0.1, "h": thumbnails[1]}]
    content["attention"] = [{"q": "00.jpg", "g": "gallery.jpg", "h": thumbnails[0]}]
    group = {"g": ["00.jpg", "gallery.jpg"], "l": [NASTY, "w_1"], "d": ["w_1", "w_1"], "c": True}
    content["duplicates"] = [group]
    content["unknown"] = {"3": ["t.jpg", "left_out.jpg"]}
    content["counts"] = {"named": 0, "new": 0, "unsure": 1, "right": 45, "wrong": 22, "suspect": 0}
    content["limits"] = {"unsure": 0.5, "sure": 0.9}
    content["total"] = {"queries": len(queries) + 7, "duplicates": 3, "map": 2}
    return {**content, "images": images, "thumbnails": thumbnails, "queries": queries}


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    Path(path).write_text(render(make_content()), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def tab(address):
    with open_browser() as (tab, faults):
        tab.goto(address)
        yield tab
        assert faults == []


def count(tab) -> int:
    return int(tab.inner_text("#count").split()[0])


def test_a_photograph_that_is_called_new_names_its_unknown_individual(tab):
    tab.fill("#find", "unknown individual 3")
    assert count(tab) == 1
    expect(tab.locator(".card .outcome")).to_have_text("unknown individual 3 (2)")
    tab.locator(".card").click()
    expect(tab.locator("#answers")).to_contain_text("Unknown individual 3: also on")
    expect(tab.locator(".mates")).to_have_text("left_out.jpg")
    expect(tab.get_by_role("link", name="Name this animal")).to_have_count(0)  # without a server


def test_a_number_at_a_glance_shows_what_it_counts(address):
    with open_browser() as (tab, faults):
        tab.goto(address)
        expect(tab.locator("#glance li")).to_have_count(6)
        tab.get_by_role("button", name="1 test photographs unsure").click()
        expect(tab.locator("#grid .card")).to_have_count(1)
        expect(tab.locator("#grid")).to_contain_text("t.jpg")
        expect(tab.locator("#order")).to_have_value("unsure")
        tab.get_by_role("button", name="22 held-out photographs wrong").press("Enter")
        expect(tab.locator("#count")).to_have_text("22 of 68 photographs")
        expect(tab.locator("#photographs")).to_be_focused()
        assert faults == []


def test_filters_select_queries(tab):
    assert count(tab) == KNOWN + OTHERS
    for value, wanted in {"wrong": 22, "new": 2, "test": 1, "known": KNOWN, "called": 3}.items():
        tab.select_option("#show", value)
        assert count(tab) == wanted, value
        assert tab.locator(".card").count() == min(wanted, 60)
    tab.select_option("#show", "all")
    tab.select_option("#size", label="9 or more")
    assert count(tab) == 0
    tab.select_option("#size", label="3 to 4")
    assert count(tab) == 14
    tab.select_option("#fold", "1")
    assert count(tab) == 7
    tab.fill("#find", "58")
    assert count(tab) == 0


def test_the_search_finds_photographs_and_individuals(tab):
    tab.fill("#find", "07.JPG")
    assert count(tab) == 1
    tab.fill("#find", "onerror")
    assert count(tab) == KNOWN + 1


def test_the_filter_by_individual_needs_the_full_name(tab):
    """It goes by the truth, or by the first answer for a test photograph."""
    assert tab.locator("#individuals option").count() == 2
    tab.fill("#individual", "w_1")
    assert count(tab) == KNOWN
    tab.fill("#individual", "new_whale")
    assert count(tab) == OTHERS
    tab.fill("#individual", "w_")
    assert count(tab) == 0


def test_duplicates_at_one_position_of_the_map_are_all_named(address):
    content = make_content()
    content["map"]["p"] = [
        [5, 5, "00.jpg", "w_1", "duplicate"],
        [5, 5, "01.jpg", "w_1", "duplicate"],
    ]
    path = Path(address.removeprefix("file://")).with_name("stacked.html")
    path.write_text(render(content), encoding="utf-8")
    with open_browser() as (tab, faults):
        tab.goto(path.as_uri())
        titles = tab.locator(".spot title").all_text_contents()
        assert titles == ["00.jpg, w_1, duplicate\n01.jpg, w_1, duplicate"] * 2
        assert faults == []


def test_matched_points_that_are_not_drawn_are_counted(address):
    content = make_content()
    content["queries"][0]["a"][0]["x"] = 44
    del content["queries"][0]["b"]
    path = Path(address.removeprefix("file://")).with_name("many.html")
    path.write_text(render(content), encoding="utf-8")
    with open_browser() as (tab, faults):
        tab.goto(path.as_uri())
        tab.locator(".card").first.click()
        assert "44 matched points, 1 of them drawn" in tab.inner_text("#answers")
        assert tab.inner_text("#rank-changes") == "This ensemble does not use re-ranking."
        assert faults == []


def test_the_grid_has_pages(tab):
    assert tab.inner_text("#page") == "page 1 of 2" and tab.locator("#before").is_disabled()
    tab.click("#after")
    assert tab.locator(".card").count() == 8 and tab.locator("#after").is_disabled()


def test_queries_are_ordered_by_their_posterior(tab):
    tab.select_option("#order", "unsure")
    assert "40 %" in tab.locator(".card").first.inner_text()


def test_a_photograph_shows_its_matches_its_mask_and_its_rank_changes(tab):
    tab.fill("#find", "01.jpg")
    tab.locator(".card").click()
    detail = tab.locator("#detail")
    assert detail.locator("#answers > li").count() == 3
    assert detail.locator("#answers > li svg line").count() == 1
    assert detail.locator("#query polygon").count() == 2
    text = detail.inner_text()
    assert "Truth: w_1, 1 photograph in the gallery; held out with fold 1." in text
    assert "local.votes 20 %" in text and "1 matched point " in " ".join(text.split())
    assert "w_1, is 2.0 times as likely as a new one" in text
    assert "w_1 from 1 to 2" in text and "only completes the list" in text


def test_a_name_made_of_html_is_shown_as_text(tab):
    tab.fill("#find", NASTY)
    tab.select_option("#show", "new")
    tab.locator(".card").click()
    assert tab.inner_text("#title") == NASTY
    assert tab.inner_text("#ensemble") == NASTY
    assert tab.locator("img[src=x]").count() == 0


def test_the_probability_is_visible_beside_the_longest_name(tab):
    answer = tab.locator(".answer", has_text="onerror").first
    assert answer.inner_text().endswith(", 60 %")
    assert answer.evaluate("line => line.scrollWidth <= line.clientWidth")
    assert answer.locator("span").evaluate("name => name.scrollWidth > name.clientWidth")


def test_points_of_the_map_are_named_and_open_their_photograph(tab):
    assert "2 photographs as lite0-0 embeds them" in tab.inner_text("#map-text")
    first = tab.locator(".spot").first
    assert first.locator("title").text_content() == f"00.jpg, {NASTY}"
    first.click()
    assert tab.inner_text("#title") == "00.jpg"


def test_duplicates_show_their_labels_before_and_after(tab):
    text = tab.inner_text("#duplicates")
    assert "Duplicates with conflicting labels" in text
    assert f"00.jpg: {NASTY}, now w_1" in text and "gallery.jpg: w_1" in text
    assert tab.locator("#attention img").count() == 1
    assert "9 given masks were held out" in tab.locator("#masks-text").inner_text()
    assert tab.locator("#masks figcaption").inner_text() == f"{NASTY}: mask 20 %, box 10 %"


def test_the_keyboard_is_enough(tab):
    tab.keyboard.press("/")
    tab.keyboard.type("0")
    tab.locator(".card").first.focus()
    tab.keyboard.press("Enter")
    assert tab.inner_text("#title") == "00.jpg"
    tab.keyboard.press("ArrowRight")
    assert tab.inner_text("#title") == "01.jpg"
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    assert tab.inner_text("#title") == "00.jpg"
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Escape")
    assert not tab.locator("#detail").is_visible()
    # the close event comes a moment later, and moves the focus
    expect(tab.locator(":focus")).to_contain_text("01.jpg")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_accessibility_fault(address, scheme):
    with open_browser(color_scheme=scheme) as (tab, faults):
        tab.goto(address)
        assert tab.get_attribute("html", "data-theme") == scheme
        for opening in (False, True):
            if opening:
                tab.locator(".card").nth(1).click()
            found = Axe().run(tab).response["violations"]
            assert [(violation["id"], violation["impact"]) for violation in found] == []
        assert faults == []


def test_the_numbers_of_omitted_queries_and_groups_are_stated(tab):
    """Seven queries and two duplicate groups were left out."""
    assert f"{KNOWN + OTHERS} of {KNOWN + OTHERS + 7} photographs, wrong and" in (
        tab.inner_text("#summary")
    )
    assert tab.get_by_text("1 of 3 groups").count() == 1
    assert tab.inner_text("#map-text").startswith("2 photographs")


def test_answers_without_matched_points_state_why(address):
    """new_whale is compared with the most probable known individual, whatever its place."""
    content = make_content()
    query = content["queries"][0]
    query["a"] = [
        {"i": "w_1", "p": 0.2, "g": "gallery.jpg", "s": [0.1, 0.1]},
        {"i": "w_2", "p": 0.7},
        {"i": "new_whale", "p": 0.1},
        {"i": "w_3", "p": 0.0},
    ]
    path = Path(address.removeprefix("file://")).with_name("rearranged.html")
    path.write_text(render(content), encoding="utf-8")
    with open_browser() as (tab, faults):
        tab.goto(path.as_uri())
        tab.locator(".card").first.click()
        answers = [item.inner_text() for item in tab.locator("#answers > li").all()]
        assert "keypoints not compared" in answers[0]
        assert "a duplicate of this one, or from the mean of several" in answers[1]
        assert "w_2, is 7.0 times as likely" in answers[2]
        assert "only completes the list" in answers[3]
        assert faults == []


def test_a_narrow_screen_needs_no_horizontal_scrolling(address):
    with open_browser(viewport={"width": 360, "height": 640}) as (tab, faults):
        tab.goto(address)
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert tab.evaluate(wide) <= 0
        tab.locator(".card").first.click()
        assert tab.evaluate(wide) <= 0
        assert tab.locator("#detail").evaluate("box => box.scrollWidth - box.clientWidth") <= 0
        assert faults == []


@pytest.mark.fault(
    "evaluation",
    "a report of an ensemble whose held-out queries are of one kind",
    "its head says what is not measured and why, instead of a score",
)
@pytest.mark.parametrize("known, ending", [(0.75, "individuals alone .750; "), (None, "new; ")])
def test_what_is_not_measured_is_said_instead_of_a_score(tmp_path, known, ending):
    card = {**dict.fromkeys(CARD), "map5_known": known, "not_measured": "no photograph is new"}
    path = tmp_path / "report.html"
    path.write_text(render({**make_content(), "card": card}), encoding="utf-8")
    with open_browser() as (tab, faults):
        tab.goto(path.as_uri())
        text = tab.locator("#summary").inner_text()
        assert text.startswith("no photograph is new") and ending in text
        assert faults == []


def test_seasons_and_members_that_have_not_converged_are_in_the_head(tmp_path):
    card = {**CARD, "not_converged": "lite0-0: its loss was still falling: train longer"}
    card["season"] = "from 2024-03-01 on"
    path = tmp_path / "report.html"
    path.write_text(render({**make_content(), "card": card}), encoding="utf-8")
    with open_browser() as (tab, faults):
        tab.goto(path.as_uri())
        text = tab.locator("#summary").inner_text()
        assert "By time: photographs from 2024-03-01 on, compared with earlier ones" in text
        assert text.endswith("Training has not converged: " + card["not_converged"])
        assert faults == []
