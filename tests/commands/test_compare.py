"""The printed comparison with another place."""

import dvc.api
import pandas as pd
import pytest

from commands import compare
from pipeline import paths
from pipeline.data import tables
from tests.conftest import ROOT

ROW = {"group": 0, "fold": 0, "kind": "known", "truth": "007", "cluster": "007", "weight": 1.0}


def rankings(answer: str) -> pd.DataFrame:
    """One query; its name and its truth look like numbers."""
    table = pd.DataFrame([{"image": "001", "ranking": answer, **ROW}])
    return table[tables.COLUMNS["rankings"]]


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    tables.write("rankings", rankings("007 b"), paths.rankings("best"))
    return tmp_path


def test_it_asks_the_revision_for_its_rankings(monkeypatch, capsys):
    asked = []

    def read(path: str, rev: str) -> str:
        asked.append((path, rev))
        return rankings("b 007").to_csv(index=False)

    monkeypatch.setattr(dvc.api, "read", read)
    compare.main("best", "norerank", "card")
    assert asked == [(str(paths.rankings("card")), "norerank")]
    printed = capsys.readouterr().out
    assert "1 common queries: best here 1.0000, card at norerank 0.5000" in printed
    assert "gain +0.5000 (+0.5000 to +0.5000)" in printed


def test_the_other_place_can_be_a_folder(project, capsys):
    tables.write("rankings", rankings("b c 007"), project / "there" / paths.rankings("best"))
    compare.main("best", "there", "best")
    assert "gain +0.6667" in capsys.readouterr().out


def test_what_was_never_run_is_named_with_the_way_out():
    with pytest.raises(SystemExit, match="can't compare card with card at [.]: .*card.*dvc repro"):
        compare.main("card", ".", "card")
