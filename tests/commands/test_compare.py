"""The printed comparison with another commit."""

import dvc.api
import pandas as pd

from commands import compare
from pipeline import paths, tables
from tests.conftest import ROOT

ROW = {"group": 0, "fold": 0, "kind": "known", "truth": "a", "cluster": "a", "weight": 1.0}


def rankings(answer: str) -> pd.DataFrame:
    table = pd.DataFrame([{"image": "1.jpg", "ranking": answer, **ROW}])
    return table[tables.COLUMNS["rankings"]]


def test_it_asks_the_revision_for_its_rankings(tmp_path, monkeypatch, capsys):
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    tables.write("rankings", rankings("a b"), paths.rankings("best"))
    asked = []

    def read(path: str, rev: str) -> str:
        asked.append((path, rev))
        return rankings("b a").to_csv(index=False)

    monkeypatch.setattr(dvc.api, "read", read)
    compare.main("best", "norerank", "card")
    assert asked == [(str(paths.rankings("card")), "norerank")]
    printed = capsys.readouterr().out
    assert "best here 1.0000, card at norerank 0.5000" in printed
    assert "gain +0.5000 (+0.5000 to +0.5000) on 1 queries" in printed


def test_the_other_place_can_be_a_folder(tmp_path, monkeypatch, capsys):
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    tables.write("rankings", rankings("a b"), paths.rankings("best"))
    tables.write("rankings", rankings("b c a"), tmp_path / "there" / paths.rankings("best"))
    compare.main("best", "there", "best")
    assert "gain +0.6667" in capsys.readouterr().out
