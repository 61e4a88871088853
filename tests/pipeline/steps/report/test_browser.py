"""The page in a real browser: it filters, shows matches, works by keyboard and runs no names."""

from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from pipeline.steps.report import photographs, report
from tests.pipeline.steps.report.browser import opened

NASTY = '<img src=x onerror="alert(1)">'
CARD = {"map5": 0.5, "map5_low": 0.4, "map5_high": 0.6, "top1": 0.4, "recall_unseen": None}
WHOLE = [0, 0, 1000, 0, 1000, 1000, 0, 1000]
MASK = [250, 300, 750, 300, 500, 800]
KNOWN, STRANGERS = 65, 3


def content() -> dict:
    """65 queries of known individuals, each third of which is answered wrongly, two of strangers,
    and one of the test."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (4, 60, 90, 3), np.uint8)
    images, queries = {}, []
    for i in range(KNOWN):
        first, second = ("w_1", NASTY) if i % 3 else (NASTY, "w_1")
        argued = {"p": 0.6, "g": "gallery.jpg", "x": 1, "l": [300, 400, 600, 500], "s": [0.7, 0.2]}
        answers = [{"i": first} | argued, {"i": "new_whale", "p": 0.3}, {"i": second, "p": 0.0}]
        queries.append({"q": f"{i:02}.jpg", "k": "known", "t": "w_1", "f": i % 2, "n": i % 9})
        queries[-1] |= {"a": answers, "b": [["w_1", NASTY], [NASTY, "w_1"]]}
    for name, kind in ((NASTY, "unseen"), ("s.jpg", "labelled_new"), ("t.jpg", "test")):
        truth = "" if kind == "test" else "new_whale"
        own = [{"i": "new_whale", "p": 0.4}, {"i": "w_1", "p": 0.2, "g": "gallery.jpg", "x": 0}]
        queries.append({"q": name, "k": kind, "t": truth, "f": 0, "n": 0, "a": own})
    for number, name in enumerate([query["q"] for query in queries] + ["gallery.jpg"]):
        mask = MASK if number % 2 else []
        images[name] = {"t": number % 4, "w": 90, "h": 60, "c": WHOLE, "m": mask}
    thumbnails = [photographs.encoded(one, 90) for one in noise]
    told = {"ensemble": NASTY, "card": CARD, "sources": ["lite0.nearest", "local.votes"]}
    spots = [[0, 1000, "00.jpg", NASTY, ""], [500, 500, "gallery.jpg", "w_1", "conflict"]]
    told["map"] = {"m": "lite0-0", "p": spots}
    told["masks"] = {"n": 9, "m": 0.8, "b": 0.7, "source": "mask"}
    told["masks"]["p"] = [{"q": NASTY, "m": 0.2, "b": 0.1, "h": thumbnails[1]}]
    told["looks"] = [{"q": "00.jpg", "g": "gallery.jpg", "h": thumbnails[0]}]
    copies = {"g": ["00.jpg", "gallery.jpg"], "l": [NASTY, "w_1"], "d": ["w_1", "w_1"], "c": True}
    told["copies"] = [copies]
    told["of"] = {"queries": len(queries) + 7, "copies": 3, "map": 2}
    return {**told, "images": images, "thumbnails": thumbnails, "queries": queries}


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    Path(path).write_text(report.render(content()), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def shown(address):
    with opened() as (tab, faults):
        tab.goto(address)
        yield tab
        assert faults == []


def count(tab) -> int:
    return int(tab.inner_text("#count").split()[0])


def test_filters(shown):
    assert count(shown) == KNOWN + STRANGERS
    for value, wanted in {"wrong": 22, "new": 2, "test": 1, "known": KNOWN, "called": 3}.items():
        shown.select_option("#show", value)
        assert count(shown) == wanted, value
        assert shown.locator(".card").count() == min(wanted, 60)
    shown.select_option("#show", "all")
    shown.select_option("#size", label="9 or more")
    assert count(shown) == 0
    shown.select_option("#size", label="3 to 4")
    assert count(shown) == 14
    shown.select_option("#fold", "1")
    assert count(shown) == 7
    shown.fill("#find", "58")
    assert count(shown) == 0


def test_a_name_is_found_among_photographs_and_answers(shown):
    shown.fill("#find", "07.JPG")
    assert count(shown) == 1
    shown.fill("#find", "onerror")
    assert count(shown) == KNOWN + 1


def test_one_individual_and_no_other(shown):
    """By the truth; of the test, by the first answer."""
    assert shown.locator("#individuals option").count() == 2
    shown.fill("#individual", "w_1")
    assert count(shown) == KNOWN
    shown.fill("#individual", "new_whale")
    assert count(shown) == STRANGERS
    shown.fill("#individual", "w_")
    assert count(shown) == 0


def test_copies_at_one_place_of_the_map_are_all_named(address):
    told = content()
    told["map"]["p"] = [[5, 5, "00.jpg", "w_1", "copy"], [5, 5, "01.jpg", "w_1", "copy"]]
    path = Path(address.removeprefix("file://")).with_name("stacked.html")
    path.write_text(report.render(told), encoding="utf-8")
    with opened() as (tab, faults):
        tab.goto(path.as_uri())
        titles = tab.locator(".spot title").all_text_contents()
        assert titles == ["00.jpg, w_1, copy\n01.jpg, w_1, copy"] * 2
        assert faults == []


def test_lines_that_are_not_drawn_are_said(address):
    told = content()
    told["queries"][0]["a"][0]["x"] = 44
    del told["queries"][0]["b"]
    path = Path(address.removeprefix("file://")).with_name("many.html")
    path.write_text(report.render(told), encoding="utf-8")
    with opened() as (tab, faults):
        tab.goto(path.as_uri())
        tab.locator(".card").first.click()
        assert "44 matched points, 1 of them drawn" in tab.inner_text("#answers")
        assert tab.inner_text("#moved") == "This ensemble asks no re-ranking."
        assert faults == []


def test_pages(shown):
    assert shown.inner_text("#page") == "page 1 of 2" and shown.locator("#before").is_disabled()
    shown.click("#after")
    assert shown.locator(".card").count() == 8 and shown.locator("#after").is_disabled()


def test_the_least_sure_first(shown):
    shown.select_option("#order", "unsure")
    assert "40 %" in shown.locator(".card").first.inner_text()


def test_a_photograph_shows_its_matches_its_mask_and_what_moved(shown):
    shown.fill("#find", "01.jpg")
    shown.locator(".card").click()
    detail = shown.locator("#detail")
    assert detail.locator("#answers > li").count() == 3
    assert detail.locator("#answers > li svg line").count() == 1
    assert detail.locator("#asked polygon").count() == 2
    said = detail.inner_text()
    assert "In truth w_1, 1 photograph in the gallery; held out with fold 1." in said
    assert "local.votes 20 %" in said and "1 matched point " in " ".join(said.split())
    assert "w_1, is 2.0 times as likely as a new one" in said
    assert "w_1 from 1 to 2" in said and "it fills up the list" in said


def test_a_name_made_of_html_is_read(shown):
    shown.fill("#find", NASTY)
    shown.select_option("#show", "new")
    shown.locator(".card").click()
    assert shown.inner_text("#title") == NASTY
    assert shown.inner_text("#ensemble") == NASTY
    assert shown.locator("img[src=x]").count() == 0


def test_how_sure_an_answer_is_stands_beside_the_longest_name(shown):
    answer = shown.locator(".answer", has_text="onerror").first
    assert answer.inner_text().endswith(", 60 %")
    assert answer.evaluate("line => line.scrollWidth <= line.clientWidth")
    assert answer.locator("span").evaluate("name => name.scrollWidth > name.clientWidth")


def test_the_map_names_its_photographs_and_opens_them(shown):
    assert "2 photographs as lite0-0 sees them" in shown.inner_text("#map-told")
    first = shown.locator(".spot").first
    assert first.locator("title").text_content() == f"00.jpg, {NASTY}"
    first.click()
    assert shown.inner_text("#title") == "00.jpg"


def test_copies_say_what_was_decided(shown):
    said = shown.inner_text("#copies")
    assert "Copies under different labels" in said
    assert f"00.jpg: {NASTY}, now w_1" in said and "gallery.jpg: w_1" in said
    assert shown.locator("#looks img").count() == 1
    assert "9 given masks were kept" in shown.locator("#masks-told").inner_text()
    assert shown.locator("#masks figcaption").inner_text() == f"{NASTY}: mask 20 %, box 10 %"


def test_the_keyboard_alone(shown):
    shown.keyboard.press("/")
    shown.keyboard.type("0")
    shown.locator(".card").first.focus()
    shown.keyboard.press("Enter")
    assert shown.inner_text("#title") == "00.jpg"
    shown.keyboard.press("ArrowRight")
    assert shown.inner_text("#title") == "01.jpg"
    shown.keyboard.press("ArrowLeft")
    shown.keyboard.press("ArrowLeft")
    assert shown.inner_text("#title") == "00.jpg"
    shown.keyboard.press("ArrowRight")
    shown.keyboard.press("Escape")
    assert not shown.locator("#detail").is_visible()
    # the browser tells of the closing a moment later, and the page moves the focus then
    shown.wait_for_function("document.activeElement.innerText.includes('01.jpg')")
    assert "01.jpg" in shown.locator(":focus").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(address, scheme):
    with opened(color_scheme=scheme) as (tab, faults):
        tab.goto(address)
        assert tab.get_attribute("html", "data-theme") == scheme
        for opening in (False, True):
            if opening:
                tab.locator(".card").nth(1).click()
            found = Axe().run(tab).response["violations"]
            assert [(one["id"], one["impact"]) for one in found] == []
        assert faults == []


def test_what_is_left_out_is_said(shown):
    """Seven queries and two groups of copies that there was no room for."""
    assert f"{KNOWN + STRANGERS} of {KNOWN + STRANGERS + 7} photographs, wrong and" in (
        shown.inner_text("#summary")
    )
    assert shown.get_by_text("1 of 3 groups").count() == 1
    assert shown.inner_text("#map-told").startswith("2 photographs")


def test_a_photograph_that_nobody_matched_is_told_so(address):
    """new_whale is weighed against the likeliest known individual, wherever that stands."""
    told = content()
    query = told["queries"][0]
    query["a"] = [
        {"i": "w_1", "p": 0.2, "g": "gallery.jpg", "s": [0.1, 0.1]},
        {"i": "w_2", "p": 0.7},
        {"i": "new_whale", "p": 0.1},
        {"i": "w_3", "p": 0.0},
    ]
    path = Path(address.removeprefix("file://")).with_name("rearranged.html")
    path.write_text(report.render(told), encoding="utf-8")
    with opened() as (tab, faults):
        tab.goto(path.as_uri())
        tab.locator(".card").first.click()
        answers = [one.inner_text() for one in tab.locator("#answers > li").all()]
        assert "not compared point by point" in answers[0]
        assert "a copy of this one is, or the mean of several" in answers[1]
        assert "w_2, is 7.0 times as likely" in answers[2]
        assert "it fills up the list" in answers[3]
        assert faults == []


def test_a_phone_needs_no_scrolling_sideways(address):
    with opened(viewport={"width": 360, "height": 640}) as (tab, faults):
        tab.goto(address)
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert tab.evaluate(wide) <= 0
        tab.locator(".card").first.click()
        assert tab.evaluate(wide) <= 0
        assert tab.locator("#detail").evaluate("box => box.scrollWidth - box.clientWidth") <= 0
        assert faults == []
