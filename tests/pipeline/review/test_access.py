"""Who may use the review: this machine's browser, and elsewhere whoever has the token."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pipeline import paths
from pipeline.review import server
from pipeline.review.access import HEADERS, Access
from tests.pipeline.review.synthetic import PORT, make_app

TOKEN = "t" * 43
DECISION = {"image_a": "00.jpg", "image_b": "gallery.jpg", "decision": "same"}


ADDRESS = f"http://192.0.2.7:{PORT}"


@pytest.fixture
def client() -> FlaskClient:
    """A browser that reaches the server from another machine."""
    return make_app("0.0.0.0", TOKEN).test_client()


def post(client: FlaskClient, path: str = "/decisions", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, json=DECISION, headers=named, base_url=ADDRESS)


@pytest.mark.parametrize(("host", "is_local"), [("127.0.0.1", True), ("localhost", True)])
def test_this_machine_needs_no_token(host, is_local):
    with server.listen(host, 0) as listener:
        access = Access.to(listener, host)
    assert access.token is None and access.url == f"http://{host}:{access.port}/"


@pytest.mark.fault(
    "review server",
    "the server is reachable from other machines",
    "a new token each time, in the printed URL",
)
def test_another_address_has_a_new_token_each_time():
    tokens = set()
    for _ in range(2):
        with server.listen("0.0.0.0", 0) as listener:
            access = Access.to(listener, "0.0.0.0")
        assert access.token and len(access.token) >= 43
        assert access.url.endswith(f":{access.port}/?token={access.token}")
        tokens.add(access.token)
    assert len(tokens) == 2


@pytest.mark.fault("review server", "a visitor without the token, or with another", "401, nothing")
@pytest.mark.parametrize("token", ["", "?token=", f"?token={TOKEN[:-1]}", "?token=\u00e9"])
def test_nothing_is_answered_without_the_token(client, token):
    for path in ("/", "/decisions", "/elsewhere"):
        answer = client.get(path + token, base_url=ADDRESS)
        assert answer.status_code == 401 and "tailprint review has printed" in answer.text
    client.set_cookie(f"tailprint-review-{PORT}", "another", domain="192.0.2.7")
    assert client.get("/decisions", base_url=ADDRESS).status_code == 401
    assert post(client, "/decisions" + token, X_Tailprint="review").status_code == 401
    assert len(paths.REVIEW.read_text().splitlines()) == 1


def test_the_token_becomes_a_cookie_that_opens_everything(client):
    answer = client.get(f"/?token={TOKEN}", base_url=ADDRESS)
    cookie = answer.headers["Set-Cookie"]
    assert answer.status_code == 303 and answer.headers["Location"] == "/"
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert client.get("/", base_url=ADDRESS).status_code == 200
    assert post(client).status_code == 403  # without the header
    sent = post(client, X_Tailprint="review")
    assert sent.status_code == 200 and sent.json[0]["decision"] == "same"


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:8765", True),
        ("LOCALHOST:8765", True),
        ("[::1]:8765", True),
        ("192.0.2.7:8765", False),
        ("evil.example:8765", False),
        ("127.0.0.1:8766", False),
        ("127.0.0.1", False),
        ("127.0.0.1.evil.example:8765", False),
        ("evil.example@127.0.0.1:8765", False),
        ("", False),
    ],
)
def test_names_of_this_machine(host, is_ours):
    assert Access("127.0.0.1", 8765, None).is_ours(host) == is_ours


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("192.0.2.7:8765", True), ("[2001:db8::7]:8765", True), ("evil.example:8765", False)],
)
def test_names_of_a_machine_that_others_reach(host, is_ours):
    """Another site's name is refused still; an address can't be made to lead elsewhere."""
    assert Access("0.0.0.0", 8765, TOKEN).is_ours(host) == is_ours


def test_port_80_is_left_out():
    assert Access("127.0.0.1", 80, None).is_ours("127.0.0.1")


@pytest.mark.fault(
    "review server",
    "another site frames the page, guesses its type, or finds it in a cache",
    "every answer forbids it, the report's and a refusal's as well",
)
@pytest.mark.parametrize("path", ["/", "/decisions", "/nothing"])
def test_every_answer_has_the_security_headers(path):
    host = f"127.0.0.1:{PORT}"
    client = make_app().test_client()
    answers = [client.get(path, headers={"Host": name}) for name in (host, "evil.example")]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert set(HEADERS) <= set(answer.headers.keys())
