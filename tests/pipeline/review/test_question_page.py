"""The questions in a browser, by keyboard alone; two reviewers; a telephone."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pipeline import paths
from pipeline.review.decisions import make_row
from pipeline.steps.labels import record
from tests.pipeline.steps.report.browser import open_browser

PHONE = {"width": 360, "height": 740}


def written() -> list[tuple[str, ...]]:
    table = record.read_decisions(paths.REVIEW)
    return list(table[["image_a", "image_b", "decision", "who"]].itertuples(index=False, name=None))


def press(tab, key: str, then: str) -> None:
    """Press a key, and wait until the progress says what it does then."""
    tab.keyboard.press(key)
    expect(tab.locator("#progress")).to_contain_text(then)


def open_questions(tab, url: str) -> None:
    tab.goto(url + "questions")
    expect(tab.locator("#progress")).to_have_text("0 answered, about 2 more are worth answering")


def test_questions_are_answered_by_keyboard_alone(served):
    with open_browser(viewport={"width": 1280, "height": 800}) as (tab, faults):
        open_questions(tab, served.url)
        expect(tab.locator("#facts")).to_contain_text("probability 90 %")
        expect(tab.locator("figcaption").first).to_contain_text("x, 1 photograph")
        press(tab, "d", "1 answered")
        expect(tab.locator("figcaption").nth(1)).to_contain_text("other.jpg")
        press(tab, "u", "2 answered")
        press(tab, "z", "1 answered")
        expect(tab.locator("figcaption").nth(1)).to_contain_text("other.jpg")
        press(tab, "n", "2 answered")
        press(tab, "z", "1 answered")
        press(tab, "s", "2 answered")
        decisions = ["different", "unsure", "undo", "new", "undo", "same"]
        assert [row[2] for row in written()] == decisions
        assert written()[-1] == ("00.jpg", "other.jpg", "same", "somebody")
        press(tab, "s", "2 answered")  # the same as two that differ
        expect(tab.locator("#message")).to_contain_text("Not saved: data/review.csv contradicts")
        expect(tab.locator("figcaption").first).to_contain_text("gallery.jpg")
        assert len(written()) == len(decisions)
        assert len(faults) == 1 and "409" in faults[0]
        press(tab, "u", "3 answered, no questions are left")
        expect(tab.locator("#pair")).to_be_hidden()


def test_the_page_says_if_another_reviewer_gave_a_different_answer_meanwhile(served):
    with open_browser() as (tab, _):
        open_questions(tab, served.url)
        row = make_row("00.jpg", "gallery.jpg", "different", "Ada")
        record.append_decisions([row], paths.REVIEW)
        tab.keyboard.press("s")
        expect(tab.locator("#message")).to_contain_text("Neither counts until the pair is decided")
        expect(tab.locator("#facts")).to_contain_text("Ada: different; somebody: same")


def test_a_telephone_shows_it_all_and_zooms(served):
    with open_browser(viewport=PHONE) as (tab, faults):
        open_questions(tab, served.url)
        for id in ("progress", "pair", "answers"):
            box = tab.locator(f"#{id}").bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= PHONE["height"], id
        assert tab.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        found = Axe().run(tab).response["violations"]
        assert [(violation["id"], violation["impact"]) for violation in found] == []
        assert tab.locator(".spot").count() == 4  # two points on each photograph
        tab.keyboard.press("p")
        assert tab.locator(".spot").count() == 0
        drawing = tab.locator("#pair svg").first
        before = drawing.get_attribute("viewBox")
        for key in ("+", "ArrowRight"):
            tab.keyboard.press(key)
            assert drawing.get_attribute("viewBox") != before
        tab.keyboard.press("0")
        assert drawing.get_attribute("viewBox") == before
        press(tab, "s", "1 answered")
        assert written() == [("00.jpg", "gallery.jpg", "same", "somebody")]
        assert faults == []


def test_a_reviewer_states_the_name_by_keyboard(served):
    with open_browser() as (tab, faults):
        open_questions(tab, served.url)
        tab.get_by_role("button", name="You are somebody").press("Enter")
        tab.keyboard.press("Control+A")
        tab.keyboard.type("snuz")  # no key of an answer while a name is typed
        tab.keyboard.press("Enter")
        expect(tab.locator("#who")).to_have_text("You are snuz")
        press(tab, "s", "1 answered")
        assert written() == [("00.jpg", "gallery.jpg", "same", "snuz")]
        assert faults == []
        paths.GROUPS.unlink()
        tab.reload()
        expect(tab.locator("#message")).to_contain_text("There are no questions: ")
        expect(tab.locator("#message")).to_contain_text("groups.csv")
