"""`tailprint name` hands what the user has typed to the library, and says where the answers are."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from commands.main import app
from pipeline.exchange.boxes import Convention
from pipeline.exchange.detections import DetectionFiles
from pipeline.naming import naming
from pipeline.naming.catalogue import Source
from pipeline.naming.naming import Named
from pipeline.naming.settings import Options


def test_the_options_reach_the_library(monkeypatch):
    calls = []
    table = pd.DataFrame({"result": ["known", "new", "known"]})

    def name_photographs(*arguments):
        calls.append(arguments)
        return Named(table, ["How far to trust it."])

    monkeypatch.setattr(naming, "name_photographs", name_photographs)
    words = "name list.csv new -o june --prior 0.4 --sort --skip unknown --path file --backbone b "
    words += "--train --detections md.json --catalogue-detections known.json --threshold 0.5 "
    words += f"--boxes corners --dates {__file__}"
    result = CliRunner().invoke(app, words.split())
    detections = DetectionFiles(Path("md.json"), Path("known.json"), 0.5, Convention.corners)
    assert calls == [
        (
            Source(Path("list.csv"), "unknown", None, "file", ""),
            *(Path("new"), Path("june")),
            Options(0.4, "b", False, True, True, detections, Path(__file__)),
        )
    ]
    assert "How far to trust it.\n2 of known individuals, 1 new: june/report.html" in result.output
    CliRunner().invoke(app, ["name", "a", "b"])
    assert calls[1] == (Source(Path("a")), Path("b"), Path("answers"), Options())


@pytest.mark.fault("name", "--prior is 0, 1 or no number", "an error of the option")
def test_a_prior_that_is_none(monkeypatch):
    for prior in ("0", "1", "often"):
        result = CliRunner().invoke(app, ["name", "a", "b", "--prior", prior])
        assert result.exit_code == 2 and "prior" in result.output
