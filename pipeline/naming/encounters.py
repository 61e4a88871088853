"""One answer to the photographs of an encounter, in addition to each one's own, if dates are known.

A catalogue seldom has enough encounters to fit how dependent photographs of one minute are. So they
count as one photograph (`EncounterModel`, not fitted): their log-odds are averaged, which makes no
answer surer than its photographs are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from pipeline.data import encounters
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation.encounter_answers import EncounterModel, average_photographs
from pipeline.exchange.captures import read_occasions
from pipeline.exchange.named_folder import NEW
from pipeline.naming.animals import Animal
from pipeline.naming.answers import KNOWN, decide
from pipeline.params import Encounters
from pipeline.steps.submission.place import compute_posteriors

COLUMNS = [
    *("encounter", "encounter_result", "encounter_name", "encounter_probability"),
    "encounter_new_probability",
]


@dataclass(frozen=True)
class Together:
    """The answer to the photographs of an encounter.

    result : as of an answer; name, probability : the likeliest individual; new : that it is none
    photographs : how many were answered together
    """

    result: str
    name: str
    probability: float
    new: float
    photographs: int


@dataclass(frozen=True)
class Occasions:
    """The encounters of new photographs: `numbers` by photograph, from 1; empty without dates.

    answers : by number, of those with several photographs of one animal each
    several : how many were not answered together, as a photograph of them shows several animals
    """

    numbers: dict[str, int]
    answers: dict[int, Together]
    several: int = 0


def number_encounters(
    compared: pd.DataFrame, dates: Path | None, settings: Encounters
) -> dict[str, int]:
    """The encounter of each new photograph with a date, from 1; empty if none has one.

    compared : the table of `named_folder.COLUMNS`; dates : a photographs.csv; None: EXIF is read

    Of photographs whose place is not known, those of different folders are of different cameras.
    """
    rows = compared if dates else compared[compared["role"] == NEW]
    taken = read_occasions(rows, dates)
    taken = taken[taken["role"] == NEW].reset_index(drop=True)
    if (taken["date"] == "").all():
        return {}
    folder = taken["photograph"].map(lambda name: PurePosixPath(name).parent.as_posix())
    taken = taken.assign(camera=taken["camera"] + " " + folder)
    dated = ((taken["date"] != "") | (taken["sequence"] != "")).to_numpy()
    number, _ = pd.factorize(encounters.group_photographs(taken, settings)[dated])
    pairs = zip(taken.loc[dated, "photograph"], number.tolist(), strict=True)
    return {str(photograph): one + 1 for photograph, one in pairs}


def answer_encounters(
    numbers: Mapping[str, int],
    animals: Mapping[str, Animal],
    digests: Mapping[str, str],
    log_odds: pd.DataFrame,
    names: Mapping[str, str],
) -> Occasions:
    """Answer the encounters with several photographs of one animal each.

    numbers : of `number_encounters`; animals, digests : by the animals' names
    log_odds : columns query (a digest), fold, identity, log_odds; names : by identity
    """
    rows = [
        (numbers[one.photograph], digests[name], one.count > 1)
        for name, one in animals.items()
        if one.photograph in numbers
    ]
    table = pd.DataFrame(rows, columns=["encounter", "query", "is_one_of_several"])
    table = table[table["query"].isin(log_odds["query"])].drop_duplicates()
    crowded = table.groupby("encounter")["is_one_of_several"].transform("any").astype(bool)
    alone = table.groupby("encounter")["query"].transform("nunique") == 1
    several = table.loc[crowded, "encounter"].nunique()
    chosen = table[~crowded & ~alone]
    found = answer_together(chosen, log_odds, names) if len(chosen) else {}
    return Occasions(dict(numbers), found, several)


def answer_together(
    members: pd.DataFrame, log_odds: pd.DataFrame, names: Mapping[str, str]
) -> dict[int, Together]:
    """The answers by encounter; members : columns encounter, query."""
    rows = log_odds.merge(members[["encounter", "query"]], on="query")
    # the same file may be in two encounters
    rows = rows.assign(query=rows["encounter"].astype(str) + " " + rows["query"])
    own = rows.drop_duplicates("query").set_index("query")["encounter"]
    averaged = average_photographs(rows.drop(columns="encounter"), own)
    posteriors = compute_posteriors(EncounterModel().log_odds(averaged), 0.0)
    counts = members["encounter"].value_counts()
    answers = {}
    for number, table in posteriors.groupby("query"):
        by_name = table.set_index("identity")["posterior"]
        new = float(by_name[NEW_WHALE])
        first = by_name.drop(NEW_WHALE)
        name = names[str(first.idxmax())] if len(first) else ""
        probability = float(first.max()) if len(first) else 0.0
        key = int(str(number))
        answers[key] = Together(decide(probability, new), name, probability, new, int(counts[key]))
    return answers


def add_columns(table: pd.DataFrame, occasions: Occasions) -> pd.DataFrame:
    """The table of answers with COLUMNS; as it is without dates."""
    if not occasions.numbers:
        return table
    cells = []
    for photograph in table["photograph"]:
        number = occasions.numbers.get(photograph, 0)
        one = occasions.answers.get(number)
        rest: tuple[object, ...] = ("",) * 4
        if one:
            rest = (one.result, one.name, round(one.probability, 4), round(one.new, 4))
        cells.append((number or "", *rest))
    return table.assign(**pd.DataFrame(cells, table.index, COLUMNS, dtype=object))


def describe(occasions: Occasions, settings: Encounters) -> list[str]:
    """Sentences on the encounters; none without dates."""
    if not occasions.numbers:
        return []
    rule = (
        "of one day" if settings.by == "day" else f"within {settings.minutes:g} minutes of another"
    )
    text = (
        f"Encounters (photographs of one place or camera, {rule}): "
        f"{len(set(occasions.numbers.values()))}. The photographs of {len(occasions.answers)} were "
        "also answered together, assuming that each encounter shows one animal; its photographs "
        "count as one, because their dependence is not known. The probabilities of these answers "
        "are not calibrated."
    )
    if occasions.several:
        text += (
            f" {occasions.several} with several animals on a photograph were not answered together."
        )
    return [text]


def describe_answer(one: Together) -> str:
    """The answer to an encounter in a few words."""
    if one.result == KNOWN:
        answer = f"{one.name}, {one.probability:.0%}"
    else:
        answer = f"{one.result}, none of the known individuals {one.new:.0%}"
    return f"The {one.photographs} photographs of this encounter together: {answer}"
