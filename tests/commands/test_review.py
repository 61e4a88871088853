"""`tailprint review`: it starts, or says in one line why not."""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commands.main import app
from pipeline import paths
from tests.conftest import write_columns

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(ROOT / "presets", tmp_path / "presets")
    report = paths.report("best")
    report.parent.mkdir(parents=True)
    report.write_text("<p>")
    write_columns()


def run(*arguments: str) -> str:
    """The message that the command ends with."""
    result = CliRunner().invoke(app, ["review", "best", *arguments])
    assert result.exit_code
    return str(result.exception.code) if result.exit_code == 1 else result.output


def test_a_port_in_use_is_one_line(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = run("--port", str(port))
    assert "\n" not in message and f"port {port}" in message and "--port" in message


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_does_not_exist_is_refused(project, port):
    assert "--port" in run("--port", port)


@pytest.mark.fault(
    "review server",
    "a reviewer's name that is no cell of data/review.csv: a line break, nothing, too long",
    "one line names --who",
)
@pytest.mark.parametrize("who", ["", " ", "a\nb", "a\0b", "x" * 81])
def test_a_reviewers_name_is_one_line(project, who):
    assert "--who" in run("--who", who)


@pytest.mark.parametrize(("host", "has_token"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_the_printed_address_has_a_token_unless_it_is_of_this_machine(project, host, has_token):
    command = [sys.executable, "-m", "commands", "review", "best", "--host", host, "--port", "0"]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT), "PATH": ""}
    )
    try:
        line = running.stdout.readline()
    finally:
        running.kill()
        running.wait()
    assert re.match(rf"http://\S+:\d+/{'[?]token=[-_A-Za-z0-9]{43}' if has_token else ''} ", line)
    if host == "127.0.0.1":
        assert line.startswith("http://127.0.0.1:")


def test_a_count_asks_its_own_questions(project):
    assert "--count asks its own questions" in run("--count", "--second-opinions")
