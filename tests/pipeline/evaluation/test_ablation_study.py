"""Edits of a preset, their gains over several seeds, and the table of the page."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.evaluation import ablation_study, protocol
from pipeline.system.errors import UserError
from tests.conftest import ROOT

EVALUATION = params.load(ROOT / "params.yaml").evaluation.model_copy(
    update={"bootstrap": 200, "new_whale_prior": 0.5}
)


def rankings(known: str, new: str) -> pd.DataFrame:
    """The rankings of the queries x0 and x1 (known), n0 and n1 (new), of one individual each."""
    return pd.DataFrame(
        {
            "image": ["x0", "x1", "n0", "n1"],
            "group": range(4),
            "fold": 0,
            "kind": ["known"] * 2 + ["labelled_new"] * 2,
            "truth": ["a"] * 2 + ["new_whale"] * 2,
            "cluster": ["a0", "a1", "group 2", "group 3"],
            "weight": 1.0,
            "ranking": [known, known, new, new],
        }
    )


def test_a_gain_by_hand_over_two_seeds():
    """Known: 1, 1/2 instead of 1/2, 1/2; new: 1, 1 instead of 1, 0. Each kind weighs half."""
    base = [rankings("b a", "new_whale a"), rankings("b a", "a b")]
    edit = [rankings("a b", "new_whale a"), rankings("b a", "new_whale a")]
    found = ablation_study.compute_edit_gain("trick", edit, base, EVALUATION)
    assert found["edit"] == "trick" and found["seeds"] == 2
    assert found["map5"] == pytest.approx((0.75 + 1) / 2)
    assert found["base"] == pytest.approx((0.5 + 0.5) / 2)
    assert found["difference"] == pytest.approx(0.375)
    assert found["low"] <= found["difference"] <= found["high"]


@pytest.mark.fault(
    "evaluation",
    "an ablation study without a new held-out query",
    "refused: its table would call the score of known individuals MAP@5",
)
def test_a_study_without_new_queries_is_refused():
    known = rankings("a", "a")[:2]
    with pytest.raises(UserError, match="edit trick: no held-out photograph shows a new"):
        ablation_study.compute_edit_gain("trick", [known], [known], EVALUATION)


def test_other_queries_are_refused():
    base, other = rankings("a", "a"), rankings("a", "a").assign(image=list("wxyz"))
    with pytest.raises(ValueError, match="other queries than the base"):
        ablation_study.compute_edit_gain("trick", [other], [base], EVALUATION)


def test_the_interval_covers_seeds_and_individuals():
    """Gains that differ by seed only, or by individual only, are uncertain; equal ones are not."""
    clusters = [f"w{i}" for i in range(40)]
    ones, odd = np.ones(40), np.arange(40) % 2 * 2.0
    by_seed = np.stack([0 * ones, 2 * ones])
    by_query = np.stack([odd, odd])
    same = np.stack([ones, ones])
    widths = {}
    for name, gains in (("seed", by_seed), ("query", by_query), ("same", same)):
        found = protocol.seeded_interval(gains, ones, clusters, 500, 0)
        assert found["difference"] == 1
        widths[name] = (found["low"], found["high"])
    assert widths["seed"] == (0, 2)  # one of four samples of two seeds has the lower one twice
    assert widths["query"][0] == pytest.approx(1 - 1.96 / np.sqrt(40), abs=0.08)
    assert widths["same"] == (1, 1)


def test_one_seed_has_the_paired_interval_of_its_queries():
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 60))
    clusters, weights = [f"w{i // 2}" for i in range(60)], rng.random(60)
    one = protocol.seeded_interval((second - first)[None], weights, clusters, 300, 5)
    assert one == pytest.approx(protocol.paired_interval(first, second, weights, clusters, 300, 5))


def test_leaves_are_replaced_in_a_copy():
    values = {"a": {"b": {"c": 1, "d": 2}}, "e": 3}
    assert ablation_study.replace_leaves(values, {"a.b.c": 9, "e": 8}) == {
        "a": {"b": {"c": 9, "d": 2}},
        "e": 8,
    }
    assert values["a"]["b"]["c"] == 1
    with pytest.raises(KeyError, match="a.x.c is not in the params file|x.c is not"):
        ablation_study.replace_leaves(values, {"a.x.c": 1})


@pytest.mark.parametrize("path", sorted((ROOT / "presets/studies").glob("*.yaml")), ids=str)
def test_the_studies_of_the_project_are_valid_and_every_edit_changes_something(path):
    study, settings = ablation_study.load_study(path, ROOT / "presets")
    assert len(settings) == len(study.edits) + 1
    base = settings.pop(ablation_study.BASE)
    assert all(values != base for values in settings.values())


def test_a_study_with_a_wrong_leaf_or_value_is_refused_before_anything_runs(tmp_path):
    for edit, fault in (
        ({"train.loss.tripet.weight": 0}, "tripet.weight is not in the params file"),
        ({"train.pooling": "max"}, "pooling"),
    ):
        lines = ["preset: study-demo", "ensemble: study", "seeds: [0]", f"edits: {{wrong: {edit}}}"]
        (tmp_path / "s.yaml").write_text("\n".join(lines))
        with pytest.raises(UserError, match=f"edit wrong: (.|\n)*{fault}"):
            ablation_study.load_study(tmp_path / "s.yaml", ROOT / "presets")


def test_the_table_of_the_page():
    rows = [("some_trick", 0.5, 0.01, -0.002, 0.022), ("other", 0.48, -0.01, -0.02, 0.0)]
    columns = ["edit", "map5", "difference", "low", "high"]
    table = pd.DataFrame(rows, columns=columns).assign(visible=0.0171, base=0.49)
    assert ablation_study.format_markdown(table.iloc[::-1]).splitlines() == [
        "| edit | map5 | without it | gain | visible |",
        "|---|---|---|---|---|",
        "| some trick | .500 | .490 | +.010 (-.002 to +.022) | .017 |",
        "| other | .480 | .490 | -.010 (-.020 to +.000) | .017 |",
    ]
