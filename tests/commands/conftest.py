"""The program, called as from a shell, in a folder with the tests' params.yaml."""

import pytest
from typer.testing import CliRunner, Result

from commands.main import app
from tests.conftest import ROOT


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def tailprint(project):
    """A function: the arguments of the program -> its result."""

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), catch_exceptions=False)

    return call
