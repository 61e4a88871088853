"""The printed pairs of identities, with the photographs to look at."""

import pandas as pd
import pytest

from commands import suspects
from pipeline import paths
from pipeline.data import tables
from pipeline.data.gallery import KNOWN
from tests.conftest import ROOT

ROW = {"group": 0, "fold": 0, "kind": KNOWN, "weight": 1.0, "ranking": "a b"}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Ensemble `best`; a's photograph finds b too, and b's a."""
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    ranked = [{"image": f"{own}1.jpg", "truth": own, "cluster": own, **ROW} for own in "ab"]
    ranked = pd.DataFrame(ranked)
    tables.write("rankings", ranked, paths.rankings("best"))
    said = [("a1.jpg", "b", 0.4), ("b1.jpg", "a", 0.3)]
    said = pd.DataFrame(said, columns=["query", "identity", "posterior"])
    said.to_parquet(paths.placed_posteriors("best"))
    pair = {"query": "a1.jpg", "image": "b2.jpg", "identity": "b", "inliers": 9.0}
    for fold in range(3):
        paths.matched_pairs(fold).parent.mkdir(parents=True)
        pd.DataFrame([pair][: fold == 0], columns=list(pair)).to_parquet(paths.matched_pairs(fold))


def test_it_names_both_and_the_photographs_to_look_at(capsys):
    suspects.main("best", 0.2)
    said = capsys.readouterr().out
    assert "a and b: 0.40 and 0.30 of the posterior" in said
    assert "a1.jpg and b2.jpg: 9 matched points" in said
    assert "1 pairs of identities with 0.2 or more" in said


def test_nobody_is_suspected_for_less(capsys):
    suspects.main("best", 0.5)
    assert capsys.readouterr().out == "0 pairs of identities with 0.5 or more\n"


def test_an_ensemble_that_is_not_there():
    with pytest.raises(SystemExit, match="no ensemble 'bset'"):
        suspects.main("bset", 0.2)


def test_a_pipeline_that_has_not_run():
    with pytest.raises(SystemExit, match="card/posteriors.parquet is not there: run the pipeline"):
        suspects.main("card", 0.2)
