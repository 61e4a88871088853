"""Folds by time: a season each, which is compared with what was photographed before it.

Folds at random answer how often a photograph is named rightly if its animals are known from the
same years. The question of a study is another one: with the catalogue of the past years, how many
of the next season's photographs? Scars, growth and new cameras come with time, and so do new
individuals. The user says when seasons begin: slices of equal size would cut through one, and
photographs of one week are no test of each other; gaps are not to be found where cameras record
all year.

No photograph moves to an earlier season than its own: duplicates and encounters across a first day
are of the later season. What has no date, and no duplicate or encounter with one, may be of any
season: it is neither held out, nor in the gallery of a season. It is in that of the test.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.data import gallery
from pipeline.data.gallery import KNOWN, NO_FOLD, SEASON
from pipeline.data.named import is_named
from pipeline.data.seasons import name_season, number_seasons
from pipeline.data.tables import is_pseudo
from pipeline.params import Folds
from pipeline.system.errors import UserError

AT_RANDOM = "or set folds.seasons to [] for folds at random"
MIN_GROUPS = 2  # encounters of a season that is held out


def assign_seasons(labels: pd.DataFrame, date: Mapping[str, str], settings: Folds) -> pd.DataFrame:
    """Build the table "folds", with a season as each fold, from the table "labels".

    date : of every image that has one, by its name

    Named photographs are never held out, and are in the test's gallery alone. Raises UserError for
    pseudo-labels, which may be of any time, and for a season that has too few photographs.
    """
    if is_pseudo(labels).any():
        raise UserError(
            "data/pseudo.csv: members by season learn from earlier seasons, and not from "
            f"pseudo-labels: git checkout data/pseudo.csv, {AT_RANDOM}"
        )
    own = pd.Series([date.get(image, "") for image in labels["image"]], labels.index, object)
    latest = own.groupby(labels["group"]).transform("max")  # "" is below every date
    fold = np.where(is_named(labels), NO_FOLD, number_seasons(latest, settings.seasons))
    check_seasons(fold, latest, settings.seasons)
    part = np.where(fold == NO_FOLD, NO_FOLD, SEASON)
    table = labels[["image", "identity", "group", "only_fold"]].assign(fold=fold, part=part)
    check_held_out(table, settings)
    return table


def check_seasons(fold: np.ndarray, dates: pd.Series, first_days: Sequence[str]) -> None:
    """Raise UserError for a season without photographs.

    fold, dates : of n labelled photographs; "" is no date
    """
    known = dates[fold != NO_FOLD]
    if known.empty:
        raise UserError(
            "folds.seasons: no labelled photograph has a date: give the dates in photographs.csv "
            f"(docs/guide/time-and-encounters.md), {AT_RANDOM}"
        )
    years = known.str[:4].value_counts().sort_index()
    listed = ", ".join(f"{number} of {year}" for year, number in years.items())
    for season in range(len(first_days) + 1):
        if not (fold == season).any():
            raise UserError(
                f"folds.seasons: no labelled photograph is {name_season(season, first_days)}: of "
                f"those with a date there are {listed}: choose other first days, {AT_RANDOM}"
            )


def check_held_out(folds: pd.DataFrame, settings: Folds) -> None:
    """Raise UserError for a season that is too small to be held out."""
    for season in settings.trained:
        number = folds.loc[folds["fold"] == season, "group"].nunique()
        if number < MIN_GROUPS:
            raise UserError(
                f"folds.seasons: {name_season(season, settings.seasons)} there is one encounter "
                f"alone, and {MIN_GROUPS} are needed, to fit on one what is measured on another: "
                f"choose other first days, {AT_RANDOM}"
            )


def describe_seasons(
    folds: pd.DataFrame, date: Mapping[str, str], first_days: Sequence[str]
) -> Iterator[str]:
    """Lines of the log: a season each, and the photographs that are in none."""
    own = folds["image"].map(dict(date))
    for season in range(len(first_days) + 1):
        rows = folds[folds["fold"] == season]
        days = own[rows.index].dropna()
        text = f"season {season}, {name_season(season, first_days)} ({days.min()} to {days.max()})"
        yield f"{text}: {len(rows)} photographs{count_new(folds, season, first_days)}"
    if undated := int((folds["fold"] == NO_FOLD).sum()):
        yield (
            f"{undated} labelled photographs are in no season, for want of a date or as reviewers "
            "have named them: never held out, and in the gallery of the test alone"
        )


def count_new(folds: pd.DataFrame, season: int, first_days: Sequence[str]) -> str:
    """How many photographs of a season show no individual of earlier ones, in words."""
    if season == len(first_days):
        return ", known to all later seasons"
    new = gallery.held_out_rows(folds, [season])["kind"] != KNOWN
    return (
        f", {new.sum()} of them ({new.mean():.0%}) of no individual that is known from earlier ones"
    )
