"""Unknown individuals in a browser: named, joined and taken apart by keyboard; a telephone."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.pipeline.review.test_unknown_desk import resolved, written
from tests.pipeline.steps.report.browser import open_browser

PHONE = {"width": 360, "height": 740}


def open_groups(tab, url: str) -> None:
    tab.goto(url + "unknown")
    expect(tab.locator("#progress")).to_contain_text("2 groups of two photographs or more, 1 alone")


def type_name(tab, name: str) -> None:
    tab.keyboard.press("n")
    tab.keyboard.type(name)
    tab.keyboard.press("Enter")


def test_groups_are_decided_by_keyboard_alone(served):
    with open_browser(viewport={"width": 1280, "height": 800}) as (tab, faults):
        open_groups(tab, served.url)
        tab.keyboard.press("j")
        type_name(tab, "Anna")
        expect(tab.locator("#last")).to_have_text("Last: 3 named Anna")
        type_name(tab, "anna")  # of the next group
        expect(tab.locator(".question")).to_contain_text("Is anna really another animal?")
        tab.keyboard.press("Enter")
        expect(tab.locator("#last")).to_have_text("Last: 2 named anna")
        assert set(resolved().values()) == {"Anna", "anna"}
        tab.keyboard.press("z")
        expect(tab.locator("#last")).to_have_text("Last: 3 named Anna")
        tab.keyboard.press("k")
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("x")
        expect(tab.locator("#last")).to_have_text("Last: n1.jpg taken out")
        assert resolved() == {"0": "Anna", "2": "Anna"}
        tab.keyboard.press("m")
        tab.keyboard.press("j")
        tab.keyboard.press("m")
        expect(tab.locator("#last")).to_have_text("Last: groups joined")
        expect(tab.locator(".group h2").first).to_contain_text(
            "Anna (unknown individual 1) 4 photo"
        )
        tab.keyboard.press("Enter")
        expect(tab.locator("#large-title")).to_contain_text("Anna (unknown individual 1)")
        tab.keyboard.press("Escape")
        assert faults == []


def test_a_refused_name_says_why(served):
    with open_browser() as (tab, faults):
        open_groups(tab, served.url)
        tab.keyboard.press("j")
        type_name(tab, "two words")
        expect(tab.locator("#message")).to_contain_text("contains a space")
        assert written() == [] and "409" in faults[0]


def test_a_telephone_shows_groups_and_singles(served):
    with open_browser(viewport=PHONE) as (tab, faults):
        tab.goto(served.url + "unknown#n5.jpg")  # as the report links to it
        expect(tab.locator("#singles .photograph")).to_be_focused()
        assert tab.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        found = Axe().run(tab).response["violations"]
        assert [(violation["id"], violation["impact"]) for violation in found] == []
        type_name(tab, "Solo")
        expect(tab.locator("#last")).to_have_text("Last: 1 named Solo")
        assert resolved() == {"5": "Solo"}
        tab.locator(".photograph").first.click()
        tab.locator("#large").get_by_role("button", name="Take out").click()
        expect(tab.locator("#last")).to_have_text("Last: n0.jpg taken out")
        assert faults == []
