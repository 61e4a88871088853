"""Place new_whale among an ensemble's answers: held-out ones cross-fitted, then the test's."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.data import gallery, tables, viewpoints
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import protocol
from pipeline.params import Columns, Evaluation, NewWhale, SubmissionStage
from pipeline.steps.submission import balance, contract, shift
from pipeline.steps.submission.place import place_held_out, place_test, rankings


@dataclass(frozen=True)
class Answers:
    """held_out: table "rankings"; test: label lists by image; curve: MAP@5 by new_whale's shift;
    posteriors: a row an answer that was weighed (query, identity, posterior), test ones too.
    """

    held_out: pd.DataFrame
    test: pd.Series
    curve: pd.DataFrame
    posteriors: pd.DataFrame
    vocabulary: set[str]


def place(
    log_odds: pd.DataFrame,
    folds: pd.DataFrame,
    trained: list[int],
    params: NewWhale,
    shared: SubmissionStage,
    evaluated: Evaluation,
    side: dict[str, str],
    sample: Sequence[str],
) -> Answers:
    """Rankings of all queries from the ensemble's candidate rows.

    trained : the ensemble's folds
    side : of every photograph whose side is known
    sample : the images that are asked for; unlabelled photographs are not
    """
    queries = gallery.held_out_rows(folds, trained)
    queries["weight"] = protocol.query_weights(queries["kind"], evaluated.new_whale_prior)
    galleries = {
        fold: viewpoints.comparable(gallery.gallery_rows(folds, fold), side) for fold in trained
    }
    filler = vocabulary_of(folds)
    known = log_odds[~log_odds["test"]]
    asked = log_odds[log_odds["test"] & log_odds["query"].isin(sample)]
    own = place_held_out(known, queries, params, evaluated)
    prior = evaluated.new_whale_prior
    tested = place_test(asked, known, queries, params, prior, galleries, side)
    together = [own[own["query"].isin(images)] for _, images in queries.groupby("fold")["image"]]
    *lists, test = (
        rearranged(part, filler, params.method != "never", shared) for part in (*together, tested)
    )
    lists = pd.concat(lists)
    ranked = queries.assign(ranking=[" ".join(lists[image]) for image in queries["image"]])
    return Answers(
        ranked,
        test,
        shift.curve(shift.answered(known, queries)),
        pd.concat([own, tested], ignore_index=True),
        set(filler),
    )


def rearranged(
    posteriors: pd.DataFrame, filler: Sequence[str], place_new: bool, shared: SubmissionStage
) -> pd.Series:
    """Rankings of queries that one member, or the test, is asked together."""
    new, *known = filler
    weighed = posteriors if place_new else posteriors[posteriors["identity"] != new]
    lists = rankings(weighed, filler if place_new else [*known, new])
    if shared.gap:
        lists = balance.swapped(lists, weighed, shared.gap)
    if shared.capacity:
        lists = balance.assigned(lists, weighed, shared.capacity)
    return lists


def vocabulary_of(folds: pd.DataFrame) -> list[str]:
    """new_whale and the known identities, most photographs first, ties by name."""
    counts = folds.loc[folds["identity"] != NEW_WHALE, "identity"].value_counts()
    return [NEW_WHALE, *sorted(counts.index, key=lambda name: (-counts[name], name))]


def write(
    lists: pd.Series, sample: Sequence[str], columns: Columns, vocabulary: set[str], path: Path
) -> None:
    """Write the answers (label lists by image) in the sample's order, if the contract lets them."""
    contract.check(lists, sample, vocabulary)
    named = [
        " ".join(columns.new_whale if label == NEW_WHALE else label for label in lists[image])
        for image in sample
    ]
    table = pd.DataFrame({columns.image: list(sample), columns.answer: named})
    tables.write_csv(table, path)
