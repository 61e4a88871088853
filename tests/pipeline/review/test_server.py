"""The server goes on whatever comes in, and says in one line why it can't start."""

import json
import socket
import threading
from contextlib import ExitStack

import pytest

from pipeline import paths
from pipeline.review import server
from pipeline.review.access import LOOPBACK
from pipeline.system.errors import UserError

DECISION = {"image_a": "00.jpg", "image_b": "gallery.jpg", "decision": "same"}


@pytest.fixture
def port(served) -> int:
    return served.port


def post(port: int, body: bytes, length: int | None = None) -> tuple[int, str]:
    """The status and the text that a POST is answered by."""
    head = (
        f"POST /decisions HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nX-Tailprint: review\r\n"
        "Content-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    with socket.create_connection((LOOPBACK, port), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: connection.recv(2**16), b""))
    status, _, rest = answer.decode().partition(" ")[2].partition(" ")
    return int(status), rest.partition("\r\n\r\n")[2]


@pytest.mark.fault(
    "review server",
    "120 connections that send half a request, or nothing",
    "decisions are answered and written meanwhile",
)
@pytest.mark.parametrize("half", [b"", b"GET / HTTP/1.1\r\nHost:"])
def test_half_open_connections_do_not_stop_it(port, half):
    with ExitStack() as opened:
        for _ in range(120):
            connection = socket.create_connection((LOOPBACK, port), timeout=30)
            opened.enter_context(connection).sendall(half)
        assert post(port, json.dumps(DECISION).encode())[0] == 200


@pytest.mark.fault(
    "review server",
    "a request that trickles in without an end",
    "its connection is closed after channel_timeout seconds",
)
def test_a_request_that_trickles_in_is_no_activity(port, monkeypatch):
    monkeypatch.setitem(server.LIMITS, "channel_timeout", 1)
    monkeypatch.setitem(server.LIMITS, "cleanup_interval", 1)
    listener = server.listen(LOOPBACK, 0)
    running = server.create(lambda environ, start: [], listener)
    threading.Thread(target=running.run, daemon=True).start()
    address = (LOOPBACK, running.effective_port)
    with socket.create_connection(address, timeout=0.1) as connection:
        for _ in range(80):  # eight seconds at most
            try:
                connection.sendall(b"G")
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("the connection is still open")
    running.close()


@pytest.mark.fault(
    "review server",
    "JSON with lists or objects inside each other, broken JSON, none",
    "one line says what a decision is; nothing is written",
)
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[" * 100 + b"]" * 100, "without lists or objects inside"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "without lists or objects inside"),
        (json.dumps({**DECISION, "image_b": ["gallery.jpg"]}).encode(), "without lists"),
        (b"[]", "a decision has the texts"),
        (b'{"image_a": "', "this is no JSON"),
        (b"", "this is no JSON"),
        (b"\xff", "this is no JSON"),
        (b"1" * 5000, "this is no JSON"),
        (json.dumps({**DECISION, "image_a": "\ud800"}).encode(), r"no image '\ud800'"),
        (json.dumps({**DECISION, "image_a": "a\nb"}).encode(), r"no image 'a\nb'"),
    ],
)
def test_json_that_makes_no_decision_is_refused(port, body, reason):
    status, text = post(port, body)
    assert status == 409 and reason in text
    assert len(paths.REVIEW.read_text().splitlines()) == 1


def test_brackets_in_a_name_are_no_list(port):
    decision = {**DECISION, "image_a": 'a "{[{[.jpg'}
    status, text = post(port, json.dumps(decision).encode())
    assert status == 409 and "there is no image" in text


@pytest.mark.fault(
    "review server", "a request larger than any decision", "413, without reading all of it"
)
def test_a_large_request_is_refused(port):
    assert post(port, b" " * (server.LARGEST_DECISION + 1))[0] == 413
    assert post(port, b"", 2**40)[0] == 413
    assert post(port, json.dumps(DECISION).encode())[0] == 200


@pytest.mark.fault(
    "review server", "the port is in use", "one line names the port and the option --port"
)
def test_a_port_in_use_is_named_with_the_way_out():
    with server.listen(LOOPBACK, 0) as taken:
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"port {number} of {LOOPBACK} is in use.*--port"):
            server.listen(LOOPBACK, number)


@pytest.mark.fault(
    "review server", "an address that is not this machine's, or none", "one line names --host"
)
@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", ""])
def test_an_address_that_is_not_ours_is_named(host):
    with pytest.raises(UserError, match=f"--host {host}: "):
        server.listen(host, 0).close()


def test_the_server_is_quick_to_accept_after_a_restart():
    """The port of a review that has just ended is free."""
    with server.listen(LOOPBACK, 0) as first:
        first.listen()
        number = first.getsockname()[1]
        with socket.create_connection((LOOPBACK, number)):
            accepted, _ = first.accept()
            accepted.close()
    server.listen(LOOPBACK, number).close()
