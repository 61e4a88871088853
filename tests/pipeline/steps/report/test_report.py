"""The report of an ensemble from its files, without training; the whole is in tests/stages."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import evidence, tables
from pipeline.data.members import Member
from pipeline.steps.match.tabulate import PAIR_COLUMNS, POINT_COLUMNS
from pipeline.steps.report import content, report, sources
from pipeline.steps.report.sources import Sources
from pipeline.system.errors import UserError

MEMBERS = [Member("lite0", 2), Member("lite0", 0), Member("lite1", 2), Member("lite1", 0)]
UNKNOWN = pd.DataFrame({"image": ["s", "t", "u"], "group": [1, 2, 1]})
SOURCES = Sources("best", MEMBERS, ("centre", "reranked"), UNKNOWN)


def test_unknown_individuals_with_several_photographs_are_listed_by_number():
    assert content.list_several(UNKNOWN) == {"1": ["s", "u"]}
    assert content.list_several(UNKNOWN[:0]) == {}


def test_folds_and_backbones_keep_the_order_of_the_members():
    assert SOURCES.folds == [2, 0] and SOURCES.backbones == ["lite0", "lite1"]


def test_neighbours_of_the_shown_answers_are_those_of_all_members_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for i, member in enumerate(MEMBERS):
        near = pd.DataFrame({"query": ["q", "other"], "identity": "a", "image": f"a{i}"})
        near = near.assign(similarity=0.5, rank=0)
        tables.write_parquet(near, paths.neighbours(*member))
    answers = pd.DataFrame({"query": ["q", "q"], "identity": ["a", "b"]})
    neighbours = SOURCES.load_neighbours(answers)
    assert neighbours["query"].tolist() == ["q"] * 4
    assert neighbours["image"].tolist() == ["a0", "a1", "a2", "a3"]
    assert "rank" not in neighbours


def test_points_and_pairs_are_those_of_the_shown_answers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pairs = pd.DataFrame([[name] * len(PAIR_COLUMNS) for name in "qr"], columns=PAIR_COLUMNS)
    points = pd.DataFrame([[name] * len(POINT_COLUMNS) for name in "qr"], columns=POINT_COLUMNS)
    for queries in (*SOURCES.folds, paths.TEST):
        tables.write_parquet(pairs, paths.matched_pairs(queries))
        tables.write_parquet(points, paths.matched_points(queries))
    answers = pd.DataFrame({"query": ["q"], "identity": ["q"]})
    found = SOURCES.load_pairs(answers)
    assert found["query"].tolist() == ["q", "q", "q"]
    assert set(found) == {"query", "identity", "image", "inliers", "random"}
    assert SOURCES.load_points(found)["query"].tolist() == ["q", "q", "q"]
    assert SOURCES.load_points(found[:0]).empty


def test_re_ranking_is_read_for_the_first_backbone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for member in MEMBERS[:2]:
        for stage in ("neighbours", "rerank"):
            scores = {stage: np.ones(1)}
            table = evidence.build(np.array(["q"]), np.array(["a"]), member.name, scores)
            evidence.save(table, paths.evidence(stage, *member))
    first, second = SOURCES.load_rerank_evidence()
    assert first["source"].tolist() == ["neighbours", "rerank"]
    assert set(first["member"]) == {"lite0-2"} and set(second["member"]) == {"lite0-0"}


def test_the_preferred_re_ranked_score_is_used():
    recipe = SimpleNamespace(scores=["nearest", "reranked or centre", "centre or reptile"])
    assert sources.find_reranked_score(recipe) == "reranked"
    assert sources.find_reranked_score(SimpleNamespace(scores=["nearest", "centre"])) == ""


def test_the_attention_maps_and_masks_are_part_of_the_report(monkeypatch):
    """Of the first member's fold; each photograph with its width and height."""
    given = {}

    def build_attention_maps(net, queries, crops, names, fold, channels):
        given.update(fold=fold, names=names, channels=channels)
        return ["a map"]

    monkeypatch.setattr(report, "build_content", lambda *_: {"queries": []})
    monkeypatch.setattr(report, "build_attention_maps", build_attention_maps)
    monkeypatch.setattr(report, "list_worst_masks", lambda masks, sizes: [masks, sizes])
    monkeypatch.setattr(report, "render_figures", lambda _: "figures")
    monkeypatch.setattr(report, "render", lambda content, figures: (content, figures))
    images = pd.DataFrame({"image": ["a", "b"], "width": [4, 6], "height": [3, 5]})
    artefacts = SimpleNamespace(
        images=images,
        sizes=images.set_index("image")[["width", "height"]],
        crops=None,
        members=MEMBERS,
        held_out_masks="masks",
    )
    shown, figures = report.build_report(artefacts, None, 3, None, 0)
    assert shown["attention"] == ["a map"] and figures == "figures"
    assert shown["masks"] == ["masks", {"a": (4, 3), "b": (6, 5)}]
    assert given == {"fold": 2, "names": ["a", "b"], "channels": 3}


ROWS = {
    paths.shift_curve("best"): ("shift,map5,new_share", "0.5,0.9,0.25"),
    paths.score_table("best", "reliability"): ("probability,frequency,fraction", "0.5,0.9,1.0"),
    paths.score_table("best", "class_sizes"): ("photographs,queries,map5,top1", "3-4,7,0.5,"),
    paths.score_table("best", "outcomes"): ("actual,predicted", "known,new"),
    paths.training_history("lite0", 2): ("epoch,loss,way20_shot1", "1,,0.5"),
    paths.LR_RANGE / "lite0.csv": ("rate,loss,smoothed", "0.1,5.0,5.0"),
}


def read_figures(changed: str, header: str, row: str) -> dict[str, pd.DataFrame]:
    """What the figures are drawn of, with one file changed."""
    for path, (own_header, own_row) in ROWS.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        head, line = (header, row) if str(path) == changed else (own_header, own_row)
        path.write_text(f"{head}\n{line}\n")
    found = Sources("best", MEMBERS[:1], ("centre", "reranked"), UNKNOWN)
    scores = [found.score_table(name) for name in sources.SCORE_COLUMNS]
    read = [found.threshold_curve, *scores, *found.histories.values(), *found.lr_ranges.values()]
    return dict(zip(map(str, ROWS), read, strict=True))


def test_the_tables_of_the_figures_are_read_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    read = read_figures("", "", "")
    for path, (header, _) in ROWS.items():
        assert list(read[str(path)]) == header.split(",") and len(read[str(path)]) == 1
    assert read[str(paths.score_table("best", "class_sizes"))]["photographs"].tolist() == ["3-4"]


@pytest.mark.fault(
    "artefacts",
    "a digit or a column's name that has flipped in a table of the report's figures",
    "one line that names the file and the way to make it again",
)
@pytest.mark.parametrize("path", [str(path) for path in ROWS])
def test_a_flipped_digit_or_name_is_named_with_its_file(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    header, row = ROWS[next(known for known in ROWS if str(known) == path)]
    flipped = {"name": (f"~{header[1:]}", row)}
    if "outcomes" not in path:
        flipped["digit"] = (header, row.replace("0.5", "0.u", 1).replace("0.1", "0.q", 1))
    for head, line in flipped.values():
        with pytest.raises(UserError, match=f"{path} is damaged .*tailprint check --remove"):
            read_figures(path, head, line)
