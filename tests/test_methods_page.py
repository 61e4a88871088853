"""docs/methods.md repeats figures of the few-shot benchmark: those of its table."""

import re

import pandas as pd

from tests.conftest import ROOT

PAIR = re.compile(r"\b(\d+\.\d), (\d+\.\d)\b")


def test_the_figures_of_the_few_shot_learners_are_the_benchmarks():
    rows = pd.read_csv(ROOT / "benchmarks/fewshot/learners.csv")
    measured = {
        (f"{100 - runs:.1f}", f"{five:.1f}")
        for runs, five in rows[["runs", "5-way 1-shot"]].to_numpy()
    }
    text = (ROOT / "docs/methods.md").read_text()
    (section,) = re.findall(r"## Few-shot learners(.*?)\n## ", text, re.DOTALL)
    told = PAIR.findall(section)
    assert len(told) >= 11
    assert set(told) <= measured
