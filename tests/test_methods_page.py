"""docs/methods.md repeats figures of the few-shot benchmark: those of its table."""

import re

import pandas as pd

from tests.conftest import ROOT

PAIR = re.compile(r"\b(\d+\.\d), (\d+\.\d)\b")
LEARNERS = {  # the rows of the benchmark that a row of the page names, in its order
    "classifier, then nearest neighbour": ["nearest, cosine"],
    "prototypical network": ["prototypical"],
    "matching network, with full context or without": ["matching, full context", "matching"],
    "relation network": ["relation"],
    "induction network": ["induction"],
    "siamese network": ["siamese"],
    "MAML, second and first order": ["MAML", "MAML, transductive", "MAML, first order"],
    "Reptile, with transduction or without": ["Reptile", "Reptile, transductive"],
    "meta-learner LSTM": ["meta-LSTM"],
    "memory-augmented network": ["memory"],
    "PT-MAP": ["PT-MAP, transductive, balanced"],
}


def test_the_figures_of_the_few_shot_learners_are_the_benchmarks():
    rows = pd.read_csv(ROOT / "benchmarks/fewshot/learners.csv").set_index("learner")
    text = (ROOT / "docs/methods.md").read_text()
    (section,) = re.findall(r"## Few-shot learners(.*?)\n## ", text, re.DOTALL)
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if "`" in line]
    quoted = {cells[0]: PAIR.findall(cells[-1]) for cells in lines if len(cells) == 4}
    measured = {
        method: [
            (f"{100 - rows.at[name, 'runs']:.1f}", f"{rows.at[name, '5-way 1-shot']:.1f}")
            for name in names
        ]
        for method, names in LEARNERS.items()
    }
    assert quoted == measured
