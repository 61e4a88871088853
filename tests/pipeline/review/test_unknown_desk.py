"""Groups that are named, joined, taken apart, and all of it undone; rows in the file throughout."""

import json

import pytest
from flask.testing import FlaskClient

from pipeline import paths
from pipeline.data import artefacts
from pipeline.data.pseudo_table import read_pseudo_labels
from pipeline.steps.labels import labels, record
from tests.pipeline.review.synthetic import PORT, make_app

HEADERS = {"X-Tailprint": "review", "Host": f"127.0.0.1:{PORT}"}


@pytest.fixture
def client() -> FlaskClient:
    return make_app().test_client()


def ask(client: FlaskClient, action: str, *images: str, name: str = "", sure: bool = False):
    """What the server answers; photographs by their numbers."""
    body = {"action": action, "images": [f"n{number}.jpg" for number in images]}
    return client.post("/unknown", json=body | {"name": name, "isSure": sure}, headers=HEADERS)


def groups(client: FlaskClient) -> dict[str, str]:
    """The name of each group, by its photographs' numbers."""
    state = client.get("/unknown/groups", headers=HEADERS).json
    return {
        "".join(one["image"][1] for one in group["photographs"]): group["name"]
        for group in state["groups"]
    }


def written() -> list[tuple[str, str, str]]:
    table = record.read_decisions(paths.REVIEW)[["image_a", "image_b", "decision"]]
    return list(table.itertuples(index=False, name=None))


def resolved() -> dict[str, str]:
    """The names that the next run gives to photographs of the test."""
    tables = artefacts.load_images(), artefacts.load_groups()
    decisions, pseudo = record.read_decisions(paths.REVIEW), read_pseudo_labels(paths.PSEUDO)
    table = labels.resolve_labels(*tables, "majority", decisions, pseudo)
    named = table[table["provenance"] == "named"]
    return dict(zip(named["image"].str[1], named["identity"], strict=True))


def test_groups_come_with_how_sure_they_are(client):
    state = client.get("/unknown/groups", headers=HEADERS).json
    assert [group["number"] for group in state["groups"]] == [1, 2, 3]
    assert state["groups"][1]["probability"] == pytest.approx(0.982, abs=1e-3)  # log-odds of 4
    alone = state["groups"][2]
    assert alone["photographs"] == [{"image": "n5.jpg", "probability": None, "name": ""}]
    assert "that show one individual) is 50%" in state["quality"]
    assert state["names"] == ["x", "y", "z"] and state["last"] == ""


def test_a_named_group_is_an_individual_at_the_next_run(client):
    assert ask(client, "name", *"012", name=" Anna ").json["last"] == "3 named Anna"
    assert groups(client) == {"012": "Anna", "34": "", "5": ""}
    assert resolved() == {"0": "Anna", "1": "Anna", "2": "Anna"}
    assert written()[0] == ("n0.jpg", "Anna", "name")


def test_a_name_is_changed_taken_back_and_undone(client):
    ask(client, "name", *"34", name="Bo")
    ask(client, "name", *"34", name="Bob")
    assert resolved() == {"3": "Bob", "4": "Bob"}
    ask(client, "name", *"34")
    assert resolved() == {} and groups(client)["34"] == ""
    for expected in ("Bob", "Bo", ""):
        assert ask(client, "undo").status_code == 200
        assert groups(client)["34"] == expected
    assert "nothing to undo" in ask(client, "undo").text


def test_the_same_name_again_writes_nothing(client):
    ask(client, "name", *"34", name="Bo")
    ask(client, "name", *"34", name="Bo")
    assert len(written()) == 2


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("x", "x has photographs already (1). Do these show the same animal?"),
        ("X", "x is known. Is X really another animal?"),
        ("Anna", "Anna has photographs already (2). Do these show the same animal?"),
        ("anna", "Anna is known. Is anna really another animal?"),
    ],
)
def test_a_name_that_is_taken_or_alike_is_asked_about_first(client, name, question):
    ask(client, "name", *"34", name="Anna")
    assert ask(client, "name", *"012", name=name).json["question"] == question
    assert len(written()) == 2
    assert "question" not in ask(client, "name", *"012", name=name, sure=True).json
    assert resolved()["0"] == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("new_whale", "is the word for a new individual"),
        ("stranger", "is the word for a new individual"),
        ("Anna Bo", "contains a space"),
    ],
)
def test_what_cannot_be_a_name_is_refused(client, name, reason):
    answer = ask(client, "name", *"34", name=name)
    assert answer.status_code == 409 and reason in answer.text
    assert written() == []


def test_joined_groups_are_one_and_apart_again_after_an_undo(client):
    ask(client, "join", "0", "4")
    assert groups(client) == {"01234": "", "5": ""}
    assert [row[2] for row in written()] == ["same"] * 4
    ask(client, "undo")
    assert groups(client) == {"012": "", "34": "", "5": ""}


def test_two_named_groups_that_are_joined_have_one_name(client):
    ask(client, "name", *"012", name="Anna")
    ask(client, "name", *"34", name="Bo")
    ask(client, "join", "3", "0")
    assert groups(client) == {"01234": "Anna", "5": ""}
    assert set(resolved().values()) == {"Anna"}


def test_a_photograph_is_taken_out_with_its_name(client):
    ask(client, "name", *"012", name="Anna")
    ask(client, "separate", "2")
    assert groups(client) == {"01": "Anna", "2": "", "34": "", "5": ""}
    assert resolved() == {"0": "Anna", "1": "Anna"}
    ask(client, "undo")
    assert groups(client)["012"] == "Anna" and resolved()["2"] == "Anna"


def test_what_was_joined_to_it_stays_together(client):
    ask(client, "join", "5", "3")  # all are the same as n3
    ask(client, "separate", "3")
    assert groups(client) == {"012": "", "3": "", "45": ""}


def test_a_photograph_that_was_taken_out_can_be_joined_again(client):
    ask(client, "separate", "2")
    ask(client, "join", "2", "0")
    assert groups(client)["012"] == ""


def test_a_photograph_that_is_alone_cannot_be_taken_out(client):
    assert ask(client, "separate", "5").text == "n5.jpg is alone"


def test_what_another_reviewer_changed_since_is_not_undone(client):
    ask(client, "name", *"34", name="Bo")
    row = {"image_a": "n3.jpg", "image_b": "", "decision": "undo"}
    assert client.post("/decisions", json=row, headers=HEADERS).status_code == 200
    assert "has been changed since" in ask(client, "undo").text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"action": "sell", "images": ["n0.jpg"]}, "a change has an action: name, join"),
        ({"action": "name", "images": "n0.jpg"}, "a change has images, a list of texts"),
        ({"action": "name", "images": []}, "a change has images, a list of texts"),
        ({"action": "name", "images": ["n0.jpg"], "name": 1}, "a name is a text"),
        ({"action": "name", "images": ["00.jpg"], "name": "a"}, "none of the photographs called"),
        ({"action": "name", "images": ["a\nb"], "name": "a"}, "there is no image"),
        ({"action": "name", "images": [["n0.jpg"]], "name": "a"}, "without lists"),
    ],
)
def test_other_requests_are_refused(client, body, reason):
    answer = client.post(
        "/unknown", data=json.dumps(body), headers=HEADERS | {"Content-Type": "application/json"}
    )
    assert answer.status_code == 409 and reason in answer.text


def test_names_are_given_on_this_page_alone(client):
    row = {"image_a": "n0.jpg", "image_b": "Anna", "decision": "name"}
    answer = client.post("/decisions", json=row, headers=HEADERS)
    assert answer.status_code == 409 and "'name' is none of same" in answer.text


def test_the_animal_of_a_photograph_is_sent(client):
    answer = client.get("/animal?image=n0.jpg", headers=HEADERS)
    assert answer.mimetype == "image/jpeg" and answer.data[:2] == b"\xff\xd8"
    assert client.get("/animal?image=nobody.jpg", headers=HEADERS).status_code == 404
