"""The endpoints of the questions: one reviewer, several, and another machine's."""

import cv2
import numpy as np
import pytest

from pipeline import paths
from pipeline.data import tables
from pipeline.population import questions as population_questions
from pipeline.review import opinions, question_desk
from pipeline.review.views import Views
from pipeline.steps.labels import record
from tests.pipeline.review.synthetic import PORT, QUESTIONS, make_app

HEADERS = {"X-Tailprint": "review", "Host": f"127.0.0.1:{PORT}"}
FIRST, SECOND = ("00.jpg", "gallery.jpg"), ("00.jpg", "other.jpg")


@pytest.fixture
def client():
    return make_app().test_client()


def rename(client, name: str):
    answer = client.post("/reviewer", json={"name": name}, headers=HEADERS)
    return answer.status_code


def ask(client) -> dict:
    return client.get("/questions/next", headers=HEADERS).json


def answer(client, pair: tuple[str, str], decision: str):
    row = {"image_a": pair[0], "image_b": pair[1], "decision": decision}
    return client.post("/questions", json=row, headers=HEADERS)


def pair_of(state: dict) -> tuple[str, str] | None:
    question = state["question"]
    return question and tuple(photograph["image"] for photograph in question["photographs"])


def written() -> list[tuple[str, str]]:
    table = record.read_decisions(paths.REVIEW)
    return list(table[["who", "decision"]].itertuples(index=False, name=None))


def test_a_question_has_all_that_is_shown(client):
    state = ask(client)
    assert pair_of(state) == FIRST and state["reviewer"] == "somebody" and state["isKnown"]
    assert (state["answered"], state["left"], state["worth"], state["last"]) == (0, 3, 2, None)
    question = state["question"]
    assert question["photographs"][0] == {
        **{"image": "00.jpg", "width": 9, "height": 9, "region": [1, 2, 7, 7]},
        **{"name": "x", "count": 1},
    }
    assert (question["probability"], question["gain"]) == (0.9, 1.8)
    # (pixel + .5) / 9 in thousandths, the clearer one first
    assert question["points"] == [556, 306, 806, 56, 56, 56, 556, 556]


def test_without_a_question_the_review_is_over():
    state = ask(make_app(questions=QUESTIONS[:0]).test_client())
    assert (state["question"], state["left"], state["worth"]) == (None, 0, 0)


def test_points_are_turned_with_the_pair():
    desk_views = Views([0])
    assert desk_views.find_points("gallery.jpg", "00.jpg")[:4] == [806, 56, 556, 306]
    assert desk_views.find_points("00.jpg", "other.jpg") == []


def test_a_photograph_is_sent_as_jpeg_and_an_unknown_one_is_not(client):
    data = client.get("/photograph?image=00.jpg", headers=HEADERS).data
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (9, 9, 3)
    for image in ("../params.yaml", "data/review.csv", ""):
        refused = client.get("/photograph", query_string={"image": image}, headers=HEADERS)
        assert refused.status_code == 404 and "there is no photograph" in refused.text


def test_answers_lead_to_the_next_question_and_an_undo_back(client):
    state = answer(client, FIRST, "same").json
    assert pair_of(state) == SECOND
    assert [photograph["count"] for photograph in state["question"]["photographs"]] == [2, 1]
    state = answer(client, FIRST, "undo").json
    assert pair_of(state) == FIRST and state["answered"] == 0 and state["last"] is None
    state = answer(client, FIRST, "new").json  # nothing more about 00.jpg
    assert pair_of(state) == ("gallery.jpg", "other.jpg") and state["left"] == 1
    assert state["last"] == {"image_a": "00.jpg", "image_b": "gallery.jpg", "decision": "new"}
    state = answer(client, ("gallery.jpg", "other.jpg"), "unsure").json
    assert state["question"] is None and state["left"] == 0 and state["worth"] == 0


def test_the_last_answer_is_found_after_a_reload(client):
    answer(client, FIRST, "different")
    assert make_app().test_client().get("/questions/next", headers=HEADERS).json["last"] == {
        "image_a": "00.jpg",
        "image_b": "gallery.jpg",
        "decision": "different",
    }


def test_two_reviewers_have_different_questions():
    app = make_app()
    ada, ben = app.test_client(), app.test_client()
    assert rename(ada, "Ada") == rename(ben, "Ben") == 204
    assert pair_of(ask(ada)) == FIRST
    assert pair_of(ask(ben)) == SECOND
    assert pair_of(ask(ada)) == FIRST  # a reload keeps it


def test_a_disagreement_is_a_question_again_with_both_answers():
    app = make_app(is_second=True)
    ada, ben = app.test_client(), app.test_client()
    rename(ada, "Ada")
    rename(ben, "Ben")
    answer(ada, FIRST, "same")
    assert ask(ada)["question"] is None  # of what others have answered
    state = ask(ben)
    assert pair_of(state) == FIRST and state["question"]["given"] == {}  # not to be influenced
    assert [photograph["name"] for photograph in state["question"]["photographs"]] == ["x", "y"]
    state = answer(ben, FIRST, "different").json
    assert state["holds"] == "neither" and pair_of(state) == FIRST
    assert state["question"]["given"] == {"Ada": "same", "Ben": "different"}
    assert state["agreement"] == [
        {"first": "Ada", "second": "Ben", "pairs": 1, "agreed": 0, "kappa": 0.0}
    ]
    assert written() == [("Ada", "same"), ("Ben", "different"), ("disagreement", "unsure")]
    state = answer(ben, FIRST, "same").json
    assert state["question"] is None and state["agreement"][0]["agreed"] == 0
    assert written()[-1] == ("Ben", "same")


def give_one_name(photographs: list[str]) -> None:
    """Label these photographs x."""
    images = tables.read("images", paths.IMAGES)
    is_x = images["image"].isin(photographs)
    split, identity = images["split"].mask(is_x, "train"), images["identity"].mask(is_x, "x")
    tables.write("images", images.assign(split=split, identity=identity), paths.IMAGES)


def test_an_answer_that_later_ones_rest_on_still_holds_if_another_reviewer_contradicts_it():
    give_one_name(["00.jpg", "gallery.jpg", "other.jpg"])
    app = make_app()
    ada = app.test_client()
    rename(ada, "Ada")
    answer(ada, FIRST, "same")
    answer(ada, SECOND, "different")  # other.jpg is not x: `same` has confirmed 00.jpg
    ben = make_app(is_second=True).test_client()
    rename(ben, "Ben")
    state = answer(ben, FIRST, "different").json
    assert state["holds"] == "earlier" and pair_of(state) == SECOND  # no question again
    assert state["agreement"][0]["pairs"] == 1 and state["agreement"][0]["agreed"] == 0
    assert written()[2:] == [("Ben", "different"), ("Ada", "same")]


def test_an_answer_is_refused_if_keeping_both_would_move_a_name():
    give_one_name([f"n{number}.jpg" for number in range(5)])
    client = make_app().test_client()
    rename(client, "Ada")
    answer(client, ("n0.jpg", "n1.jpg"), "same")
    answer(client, ("n0.jpg", "n4.jpg"), "different")  # n4.jpg loses the name
    answer(client, ("n2.jpg", "n3.jpg"), "same")
    answer(client, ("n1.jpg", "n2.jpg"), "different")  # n2.jpg and n3.jpg, confirmed later, lose it
    before = written()
    rename(client, "Ben")
    # a repeated `same` of n0.jpg and n1.jpg would come after that of n2.jpg and n3.jpg
    assert answer(client, ("n0.jpg", "n1.jpg"), "different").status_code == 409
    assert written() == before


def test_a_name_that_no_cell_can_have_is_refused(client):
    for name in ("", " ", "a\nb", "x" * 81, "disagreement"):
        assert rename(client, name) == 409
    assert client.post("/reviewer", json=["Ada"], headers=HEADERS).status_code == 409
    assert client.post("/reviewer", json={"name": "Ada"}).status_code == 403  # another site
    assert ask(client)["reviewer"] == "somebody"


def test_a_name_beyond_ascii_reaches_the_file(client):
    assert rename(client, "Åsa; \u5c71") == 204
    answer(client, FIRST, "same")
    assert written() == [("Åsa; \u5c71", "same")]


def test_a_forged_cookie_is_no_name(client):
    client.set_cookie(f"tailprint-reviewer-{PORT}", "a%0Ab", domain="127.0.0.1")
    assert ask(client)["reviewer"] == "somebody"


def test_another_machines_reviewer_is_unknown_until_a_name_is_given():
    client = make_app("0.0.0.0", "secret").test_client()
    assert client.get("/questions/next", headers=HEADERS).status_code == 401
    sent = client.get("/questions?token=secret", headers=HEADERS)
    assert sent.status_code == 303 and sent.headers["Location"] == "/questions"
    assert not ask(client)["isKnown"]
    rename(client, "Ada")
    assert ask(client)["isKnown"] and ask(client)["reviewer"] == "Ada"


def test_a_repeated_question_goes_to_another_reviewer_who_sees_no_answer():
    again = QUESTIONS.head(2).assign(reason=["again", "likeliest"])
    client = make_app(questions=again, describe=lambda: "So far 7.").test_client()
    answer(client, SECOND, "different")
    state = answer(client, FIRST, "same").json
    assert (state["question"], state["left"], state["waiting"]) == (None, 0, 1)
    assert state["summary"] == "So far 7."
    rename(client, "snuz")
    state = ask(client)
    assert pair_of(state) == FIRST and (state["left"], state["waiting"]) == (1, 0)
    question = state["question"]
    assert (question["probability"], question["given"]) == (None, {})
    assert question["reason"] == question_desk.SECOND
    # as if `same` had not joined them
    assert [one["name"] for one in question["photographs"]] == ["x", "y"]
    state = answer(client, FIRST, "different").json
    assert state["holds"] == "neither" and pair_of(state) == FIRST and state["waiting"] == 1
    assert state["question"]["given"] == {"somebody": "same", "snuz": "different"}
    assert written()[1:] == [
        *(("somebody", "same"), ("snuz", "different")),
        (opinions.DISPUTE, "unsure"),
    ]


def test_a_third_reviewer_answers_a_repeated_question_as_blindly():
    client = make_app(questions=QUESTIONS.head(1).assign(reason="again")).test_client()
    for name in ("Ada", "Ben"):
        rename(client, name)
        assert answer(client, FIRST, "same").json["holds"] == ""
    assert ask(client)["waiting"] == 1
    rename(client, "Cleo")
    state = ask(client)
    assert pair_of(state) == FIRST and state["question"]["given"] == {}
    state = answer(client, FIRST, "different").json
    assert state["holds"] == "neither"
    assert state["question"]["given"] == {"Ada": "same", "Ben": "same", "Cleo": "different"}
    agreed = {(row["first"], row["second"]): row["agreed"] for row in state["agreement"]}
    assert agreed == {("Ada", "Ben"): 1, ("Ada", "Cleo"): 0, ("Ben", "Cleo"): 0}


def test_new_is_no_answer_to_a_survey_and_closes_none_of_its_questions():
    client = make_app(describe=lambda: "So far 7.").test_client()
    state = ask(client)
    assert (state["summary"], state["takesNew"], state["left"]) == ("So far 7.", False, 3)
    refused = answer(client, FIRST, "new")
    assert refused.status_code == 409 and "same, different or unsure" in refused.text
    assert written() == []
    record.append_decisions(  # of another review
        [
            {"image_a": "00.jpg", "image_b": other, "decision": "new", "who": "Ada", "when": "now"}
            for other in ("", "gallery.jpg")  # of the report, and of the page of questions
        ],
        paths.REVIEW,
    )
    state = ask(client)
    assert pair_of(state) == FIRST and state["left"] == 3
    assert ask(make_app().test_client())["left"] == 1  # where `new` is the last word


def test_a_repeated_question_has_the_reason_that_a_count_gives():
    assert question_desk.AGAIN == population_questions.AGAIN
