"""The review: decisions reach the file from a real browser, and no other site's do."""

import threading

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient

from pipeline import paths
from pipeline.review import desk
from pipeline.steps.labels import record
from pipeline.system.errors import UserError
from tests.pipeline.review.synthetic import PORT, make_app
from tests.pipeline.steps.report.browser import open_browser

HEADERS = {"X-Tailprint": "review", "Host": f"127.0.0.1:{PORT}"}


@pytest.fixture
def client() -> FlaskClient:
    return make_app().test_client()


def decide(client: FlaskClient, a: str, b: str, decision: str, headers: dict | None = None):
    row = {"image_a": a, "image_b": b, "decision": decision}
    return client.post("/decisions", json=row, headers=headers or HEADERS)


def written() -> list[tuple[str, str, str, str]]:
    table = record.read_decisions(paths.REVIEW)
    return list(table[["image_a", "image_b", "decision", "who"]].itertuples(index=False, name=None))


def test_a_decision_is_a_row_and_so_is_an_undo(client):
    assert client.get("/decisions", headers=HEADERS).json == []
    (decision,) = decide(client, "00.jpg", "gallery.jpg", "same").json
    assert decision["decision"] == "same" and decision["who"] == "somebody"
    assert decide(client, "gallery.jpg", "00.jpg", "undo").json == []
    assert decide(client, "00.jpg", "", "new").json[0]["image_b"] == ""
    assert written() == [
        ("00.jpg", "gallery.jpg", "same", "somebody"),
        ("gallery.jpg", "00.jpg", "undo", "somebody"),
        ("00.jpg", "", "new", "somebody"),
    ]


@pytest.mark.parametrize(
    ("a", "b", "decision", "reason"),
    [
        ("nobody.jpg", "00.jpg", "same", "there is no image 'nobody.jpg'"),
        ("00.jpg", "00.jpg", "same", "paired with itself"),
        ("00.jpg", "gallery.jpg", "maybe", "'maybe' is none of same, different"),
        ("00.jpg", 5, "same", "a decision has the texts"),
    ],
)
def test_an_invalid_decision_is_refused(client, a, b, decision, reason):
    answer = decide(client, a, b, decision)
    assert answer.status_code == 409 and reason in answer.text
    assert written() == []


def test_a_contradiction_of_earlier_decisions_is_refused_with_their_rows(client):
    decide(client, "00.jpg", "gallery.jpg", "same")
    decide(client, "gallery.jpg", "other.jpg", "same")
    answer = decide(client, "other.jpg", "00.jpg", "different")
    assert answer.status_code == 409 and "same in rows 3, 2 joins them" in answer.text
    assert len(written()) == 2


def test_of_two_contradictory_decisions_at_once_one_is_refused():
    """Both requests wait for the same check; the file takes one."""
    app, answers = make_app(), []
    decisions = [("00.jpg", "gallery.jpg", "same"), ("00.jpg", "", "new")]
    threads = [
        threading.Thread(target=lambda row=row: answers.append(decide(app.test_client(), *row)))
        for row in decisions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(written()) == 1


def test_the_page_cannot_be_framed(client):
    assert client.get("/", headers=HEADERS).headers["X-Frame-Options"] == "DENY"


def test_another_sites_page_can_neither_read_nor_write(client):
    elsewhere = HEADERS | {"Host": "evil.example"}
    assert client.get("/", headers=elsewhere).status_code == 403
    assert client.get("/decisions", headers=elsewhere).status_code == 403
    unmarked = {"Host": HEADERS["Host"]}
    assert decide(client, "00.jpg", "gallery.jpg", "same", unmarked).status_code == 403
    assert written() == []
    preflight = client.options("/decisions", headers=HEADERS | {"Origin": "http://evil.example"})
    assert "Access-Control-Allow-Origin" not in preflight.headers


def test_the_report_leads_to_the_questions(served):
    with open_browser() as (tab, faults):
        tab.goto(served.url)
        tab.get_by_role("link", name="Decide one question after another").click()
        tab.wait_for_url("**/questions")
        tab.get_by_role("link", name="Unknown individuals").click()
        tab.wait_for_url("**/unknown")
        assert faults == []


def test_a_click_reaches_the_file_and_can_be_undone(served):
    with open_browser() as (tab, faults):
        tab.goto(served.url)
        tab.locator(".card").first.click()
        box = tab.locator("#answers .decide").first
        box.get_by_role("button", name="same", exact=True).click()
        box.get_by_text("same, by somebody").wait_for()
        assert written() == [("00.jpg", "gallery.jpg", "same", "somebody")]
        assert box.locator("[aria-pressed=true]").inner_text() == "same"
        found = Axe().run(tab).response["violations"]
        assert [(violation["id"], violation["impact"]) for violation in found] == []
        box.get_by_role("button", name="undo").click()
        box.get_by_text("No decision yet").wait_for()
        assert written()[-1][2] == "undo"
        tab.locator("#query .decide").get_by_role("button", name="new individual").click()
        tab.locator("#query").get_by_text("new, by somebody").wait_for()
        assert faults == []


def test_two_tabs_lose_nothing_and_a_refusal_is_displayed(served):
    with open_browser() as (first, faults):
        second = first.context.browser.new_page()
        second.on(
            "console",
            lambda message: faults.append(message.text) if message.type == "error" else None,
        )
        second.on("pageerror", lambda error: faults.append(str(error)))
        for tab in (first, second):
            tab.goto(served.url)
            tab.locator(".card").first.click()
        first.locator("#answers .decide").first.get_by_role("button", name="same").click()
        first.locator("#answers").get_by_text("same, by somebody").wait_for()
        second.locator("#query .decide").get_by_role("button", name="new individual").click()
        second.get_by_text("Not saved").wait_for()  # it is the same as another
        second.locator("#answers .decide").first.get_by_role("button", name="unsure").click()
        second.locator("#answers").get_by_text("unsure, by somebody").wait_for()
        assert [row[2] for row in written()] == ["same", "unsure"]
        assert len(faults) == 1 and "409" in faults[0]


def test_an_ended_review_is_reported(served):
    with open_browser() as (tab, _):
        tab.goto(served.url)
        tab.locator(".card").first.click()
        tab.route("**/decisions", lambda route: route.abort())
        tab.locator("#answers .decide").first.get_by_role("button", name="same").click()
        tab.get_by_text("Not saved: the review server does not answer").wait_for()


def test_a_decision_by_keyboard(served):
    with open_browser() as (tab, faults):
        tab.goto(served.url)
        tab.locator(".card").first.focus()
        tab.keyboard.press("Enter")
        tab.locator("#query .decide button").first.focus()
        tab.keyboard.press("Tab")  # the undo, which is off and keeps its place
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")  # the first answer's "same"
        tab.keyboard.press("Enter")
        tab.locator("#answers").get_by_text("same, by somebody").wait_for()
        assert written() == [("00.jpg", "gallery.jpg", "same", "somebody")]
        assert faults == []


def test_an_undo_by_keyboard_keeps_the_focus(served):
    with open_browser() as (tab, faults):
        tab.goto(served.url)
        tab.locator(".card").first.click()
        box = tab.locator("#query .decide")
        box.get_by_role("button", name="new individual").click()
        box.get_by_text("new, by somebody").wait_for()
        box.get_by_role("button", name="undo").focus()
        tab.keyboard.press("Enter")
        box.get_by_text("No decision yet").wait_for()
        assert tab.locator(":focus").inner_text() == "undo"
        assert faults == []


def test_duplicates_can_be_separated(served):
    with open_browser() as (tab, faults):
        tab.goto(served.url)
        box = tab.locator("#duplicates .decide")
        assert box.locator("legend").inner_text().startswith("Are 00.jpg and gallery.jpg the same")
        box.get_by_role("button", name="no, two photographs").click()
        box.get_by_text("different, by somebody").wait_for()
        assert written() == [("00.jpg", "gallery.jpg", "different", "somebody")]
        assert faults == []


@pytest.mark.parametrize(
    ("photograph", "legend"),
    [
        ("00.jpg", "If so, 00.jpg and its duplicates, whose labels conflict, become <img"),
        ("03.jpg", "If so, gallery.jpg and its duplicates, whose labels conflict, become w_1"),
    ],
)
def test_the_legend_names_what_a_decision_joins(served, photograph, legend):
    with open_browser() as (tab, _):
        tab.goto(served.url)
        tab.fill("#find", photograph)
        tab.locator(".card").click()
        legends = tab.locator("#answers .decide legend").all_inner_texts()
        assert legend in legends[0]
        plain = tab.evaluate(
            "consequenceText({ q: 'p.jpg', k: 'known', t: 'w_1' }, { i: 'w_2', g: 'q.jpg' })"
        )
        assert "w_1 and w_2 become one individual, with all their photographs." in plain
        assert "To make only p.jpg w_2, also mark it as different" in plain


def test_a_broken_file_is_reported(client):
    decide(client, "00.jpg", "gallery.jpg", "same")
    with paths.REVIEW.open("a") as file:
        file.write("a,b,same,me,now,and more\n")
    answer = client.get("/decisions", headers=HEADERS)
    assert answer.status_code == 409 and "review.csv" in answer.text


def test_a_report_from_the_disk_has_no_buttons():
    with open_browser() as (tab, faults):
        tab.goto(paths.report("best").resolve().as_uri())
        tab.locator(".card").first.click()
        assert tab.locator(".decide").count() == 0
        assert faults == []


def test_a_missing_report_is_named_with_the_remedy():
    paths.report("best").unlink()
    with pytest.raises(UserError, match=r"report.html does not exist: name best in report.html"):
        desk.find_report("best")
