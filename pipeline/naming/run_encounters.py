"""The encounters of a finished run's test and its answers to them, as those of `tailprint name`."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from pipeline import paths
from pipeline.data import tables
from pipeline.data.tables import NEW_WHALE
from pipeline.naming.answers import decide
from pipeline.naming.encounters import Occasions, Together


def load_encounters(
    ensemble: str, test: Sequence[str], decided: Collection[str], names: Mapping[str, str]
) -> Occasions:
    """The encounters of photographs with a date, and the answers of an ensemble to them.

    decided : photographs that a reviewer has decided, whose encounters are not answered: the run
        that answered did not know of it
    names : what individuals of the run are called now, if that has changed
    """
    taken = tables.read("occasions", paths.OCCASIONS)
    dated = set(taken.loc[(taken["date"] != "") | (taken["sequence"] != ""), "image"])
    table = tables.read("encounters", paths.ENCOUNTERS)
    # in the order of the test, which numbers them
    table = table.set_index("image").loc[[image for image in test if image in dated]]
    codes, _ = pd.factorize(table["encounter"])
    numbers = {str(image): int(code) + 1 for image, code in zip(table.index, codes, strict=True)}
    rankings = tables.read("encounter_rankings", paths.encounter_rankings(ensemble))
    rankings = rankings[rankings["image"].isin(list(numbers))]
    with_decided = rankings.loc[rankings["image"].isin(decided), "encounter"]
    rankings = rankings[~rankings["encounter"].isin(with_decided)]
    rows = rankings.drop_duplicates("encounter").to_dict("records")
    return Occasions(numbers, {numbers[str(row["image"])]: build(row, names) for row in rows})


def build(row: Mapping, names: Mapping[str, str]) -> Together:
    """The answer to an encounter, of a row of "encounter_rankings"."""
    known, new = float(row["known_posterior"]), float(row["new_posterior"])
    individuals = [label for label in row["ranking"].split(" ") if label != NEW_WHALE]
    name = names.get(individuals[0], individuals[0]) if individuals else ""
    return Together(decide(known, new), name, known, new, int(row["photographs"]))
