"""A folder of photographs is named by a folder of known animals, in one call."""

import shutil

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

from pipeline.exchange import named_folder
from pipeline.naming import catalogue_page, comparing, embeddings_table, photographs
from pipeline.naming.catalogue import Source
from pipeline.naming.naming import name_photographs
from pipeline.naming.settings import Options
from pipeline.system.errors import UserError
from tests.pipeline.naming.conftest import NAMES, draw, write
from tests.pipeline.steps.report.browser import open_browser


def read_answers(out):
    table = pd.read_csv(out / "answers.csv", dtype=str, keep_default_na=False)
    return table.set_index("photograph")


@pytest.fixture(scope="module")
def named(drawn):
    result = name_photographs(Source(drawn.catalogue), drawn.new, drawn.out, Options(sort=True))
    return result, read_answers(drawn.out)


def test_every_photograph_has_its_name_as_it_was_written(named):
    result, table = named
    expected = {"0.png": NAMES[0], "1.png": NAMES[1], "4.png": NAMES[4]}
    assert {name: table.loc[name, "name_1"] for name in expected} == expected
    assert len(table) == 5 and "" not in set(table["name_5"])
    assert "'=1+1" in table.filter(like="name_").to_numpy()  # no formula in a spreadsheet
    assert "=1+1" in result.table.filter(like="name_").to_numpy()
    assert set(table["calibration"]) == {"rough"}  # 15 photographs are few
    numbers = table.filter(regex="probability").astype(float)
    assert ((numbers >= 0) & (numbers <= 1)).all(axis=None)
    assert (numbers.sum(axis=1) < 1.001).all()


def test_the_supporting_photograph_shows_the_named_individual(named):
    _, table = named
    for name in ("0.png", "4.png"):
        row = table.loc[name]
        assert (
            row["supported_by"].startswith(f"{row['name_1']}/") and int(row["matched_points"]) > 8
        )


def test_the_report_is_one_file_that_shows_names_as_text(named, drawn):
    html = (drawn.out / "report.html").read_text()
    assert html.count("<article id=") == 5 and "Anna, old" in html and 'src="http' not in html


def test_a_group_of_unsure_photographs_is_no_claim(named, drawn):
    html = (drawn.out / "report.html").read_text()
    groups = named[1]["unknown_group"] != ""
    unsure = int((groups & (named[1]["result"] == "unsure")).sum())
    assert html.count("; if new, unknown individual ") == unsure
    assert html.count("; unknown individual ") == int(groups.sum()) - unsure


def test_the_pages_can_be_read_by_everyone_and_on_a_phone(named, drawn, tmp_path):
    catalogue_page.export(named_folder.read(drawn.out), tmp_path / "catalogue.html")
    with open_browser() as (tab, faults):
        tab.set_viewport_size({"width": 360, "height": 740})
        for page in (drawn.out / "report.html", tmp_path / "catalogue.html"):
            tab.goto(page.as_uri())
            violations = Axe().run(tab).response["violations"]
            assert [(violation["id"], violation["impact"]) for violation in violations] == []
            assert tab.evaluate("document.documentElement.scrollWidth") == 360
        assert faults == []


def test_photographs_of_an_encounter_are_answered_together_too(named, drawn, tmp_path):
    assert "encounter" not in named[1].columns  # nothing says when these were taken
    rows = [f"{name}.png,2024-06-01 10:0{n}:00" for n, name in enumerate(("unseen/0", "unseen/1"))]
    dates = tmp_path / "photographs.csv"
    dates.write_text("\n".join(["photograph,date", *rows, "0.png,2024-06-02", ""]))
    shutil.copytree(drawn.out, tmp_path / "out")
    name_photographs(Source(drawn.catalogue), drawn.new, tmp_path / "out", Options(dates=dates))
    table = read_answers(tmp_path / "out")
    assert table["encounter"].to_dict() == {
        **{"0.png": "1", "1.png": "", "4.png": "", "unseen/0.png": "2", "unseen/1.png": "2"}
    }
    both = table.loc[["unseen/0.png", "unseen/1.png"]]
    new = both["encounter_new_probability"].astype(float)
    assert new.nunique() == 1 and table.loc["0.png", "encounter_result"] == ""
    html = (tmp_path / "out/report.html").read_text()
    assert html.count("The 2 photographs of this encounter together: ") == 2
    assert "its photographs count as one" in html


def test_it_is_kept_what_the_answers_are_about(named, drawn, tmp_path):
    kept = named_folder.read(drawn.out)
    assert {one.photograph for one in kept.answers} == set(named[1].index)
    assert all(one.file == drawn.new.absolute() / one.photograph for one in kept.answers)
    known = kept.compared[kept.compared["role"] == "catalogue"]
    assert sorted(set(known["individual"])) == sorted(NAMES) and len(known) == 15
    text = embeddings_table.export(kept, tmp_path / "embeddings.parquet")
    assert text.startswith("20 embeddings with ")


def test_copies_are_sorted_into_one_folder_per_answer(named, drawn):
    _, table = named
    copies = list((drawn.out / "sorted").rglob("*.png"))
    assert len(copies) == len(table)
    assert (drawn.out / "sorted" / NAMES[0] / "0.png").is_file()


def test_a_second_run_compares_only_what_was_added(named, drawn, tmp_path, monkeypatch):
    new, out = tmp_path / "new", tmp_path / "out"
    shutil.copytree(drawn.new, new)
    shutil.copytree(drawn.out, out)
    write(new / "later.png", draw(2, 8))
    shutil.copyfile(drawn.catalogue / NAMES[3] / "1.png", new / "copy.png")
    prepared, compared = [], []
    prepare, compare_one = photographs.prepare, comparing.Comparer.compare_one
    monkeypatch.setattr(
        photographs, "prepare", lambda item, **rest: prepared.append(1) or prepare(item, **rest)
    )
    monkeypatch.setattr(
        *(comparing.Comparer, "compare_one"),
        lambda self, query: compared.append(1) or compare_one(self, query),
    )
    name_photographs(Source(drawn.catalogue), new, out, Options())
    assert (len(prepared), len(compared)) == (1, 1)
    table = read_answers(out)
    assert table.loc["later.png", "name_1"] == NAMES[2]
    copy = table.loc["copy.png"]
    assert (copy["result"], copy["name_1"]) == ("copy", "'=1+1") and "same file" in copy["note"]
    first, again = named[1], table.loc[named[1].index]
    assert (first["name_1"] == again["name_1"]).all()


def test_other_settings_need_another_folder(named, drawn):
    with pytest.raises(UserError, match="another --backbone .* -o"):
        options = Options(backbone="tf_efficientnet_lite1")
        name_photographs(Source(drawn.catalogue), drawn.new, drawn.out, options)


def test_a_photograph_that_cannot_be_read_stops_it_or_is_listed(named, drawn, tmp_path):
    new, out = tmp_path / "new", tmp_path / "out"
    shutil.copytree(drawn.out, out)
    shutil.copytree(drawn.new, new)
    (new / "cut.png").write_bytes((new / "0.png").read_bytes()[:40])
    with pytest.raises(UserError, match=r"--skip-bad .*: 1 fault\n.*cut\.png"):
        name_photographs(Source(drawn.catalogue), new, out, Options())
    result = name_photographs(Source(drawn.catalogue), new, out, Options(skip_bad=True))
    assert len(result.table) == 5
    skipped = pd.read_csv(out / "skipped.csv")
    assert skipped["path"].tolist() == [str(new / "cut.png")]
