"""A species with enough individuals has a place of new_whale of its own."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import KNOWN, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.submission import by_species
from pipeline.steps.submission.queries import Queries, Settings
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")
COUNT = by_species.ENOUGH  # known, and as many new, individuals of each species
LOWER = 4.0  # by so much are all log-odds of newts lower


def build_settings(form: str) -> Settings:
    submission = P.submission.model_copy(update={"format": form})
    return Settings(P.ensembles["card"].new_whale, submission, P.evaluation)


def build_queries(newts: int) -> Queries:
    """Known ones at 1 to 2, new ones at -2 to -1; of newts there are `newts` of both kinds."""
    rows = []
    for species, count, base in (("lynx", COUNT, 0.0), ("newt", newts, -LOWER)):
        for number in range(count):
            step = base + number / count
            rows.append((f"{species}k{number}", species, KNOWN, f"{species}{number}", 1 + step))
            rows.append((f"{species}n{number}", species, UNSEEN, NEW_WHALE, -2 + step))
    truth = pd.DataFrame(rows, columns=["image", "species", "kind", "truth", "log_odds"])
    truth = truth.assign(cluster=truth["image"], group=range(len(truth)), fold=0, weight=1.0)
    identity = truth["truth"].where(truth["kind"] == KNOWN, "other")
    candidates = truth[["fold", "log_odds"]].assign(query=truth["image"], identity=identity)
    test = pd.DataFrame(
        {"query": ["tl", "tn", "tx"], "fold": 0, "identity": "a", "log_odds": [-3.0, -3.0, 0.0]}
    )
    return Queries(candidates, test, truth, [NEW_WHALE, "a"])


def place(form: str, newts: int) -> tuple[pd.Series, pd.Series]:
    """The posteriors of new_whale, of held-out and of test queries."""
    queries = build_queries(newts)
    species = dict(zip(queries.truth["image"], queries.truth["species"], strict=True))
    species |= {"tl": "lynx", "tn": "newt"}
    both = by_species.place_all(queries, build_settings(form), species)
    first, second = (
        table[table["identity"] == NEW_WHALE].set_index("query")["posterior"] for table in both
    )
    return first[queries.truth["image"]], second


def test_each_species_is_placed_where_its_own_individuals_are():
    """Every held-out query is right, of both species, and -3 is new for a lynx, not for a newt."""
    held_out, test = place("single", COUNT)
    new = held_out.index.str.contains("n[0-9]")
    assert ((held_out > 0.5) == new).all()
    assert test["tl"] > 0.5 > test["tn"]


def test_too_few_individuals_are_placed_with_all():
    held_out, test = place("single", 2)
    assert len(held_out) == 2 * (COUNT + 2)
    assert test["tl"] > 0.5 and test["tn"] > 0.5  # one place, between the lynxes


def test_five_names_are_placed_over_all():
    queries = build_queries(COUNT)
    assert by_species.list_own(queries.truth, build_settings("map5")) == set()
    assert by_species.list_own(queries.truth, build_settings("single")) == {"lynx", "newt"}
    held_out, _ = place("map5", COUNT)
    odds = np.exp(queries.truth["log_odds"])  # the posterior as it is
    assert held_out.to_numpy() == pytest.approx(1 / (1 + odds.to_numpy()))
