"""What one name, and clusters, are scored by: by species, and their mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN
from pipeline.evaluation import protocol, species
from pipeline.evaluation.balanced import prepare_balanced
from pipeline.evaluation.cluster_agreement import prepare_agreement, select_identified
from pipeline.evaluation.species import Statistic
from pipeline.params import Evaluation, Format
from pipeline.steps.score.score import round_scores

MEASURES: dict[Format, str] = {
    "single": "geometric_mean",
    "clusters": "ari",
    "photographs": "map20",
}
WORDS: dict[Format, str] = {
    "single": "geometric mean of BAKS and BAUS",
    "photographs": "MAP@20 of photographs",
}
REASONS: dict[Format, str] = {
    "single": "the held-out photographs show fewer than two known or two new individuals",
    "clusters": "no fold has two held-out photographs of one individual, and another to choose by",
    "photographs": "the held-out photographs show fewer than two known individuals",
}


def score_format(
    form: Format,
    rankings: pd.DataFrame,
    species_of: Mapping[str, str],
    clusters: pd.DataFrame,
    evaluation: Evaluation,
) -> dict[str, float | str | None]:
    """The score, its 95 % interval, and each species' score if there are several.

    rankings, clusters : the tables of these names; clusters have the held-out queries that were
        compared with each other, which are scored
    species_of : of the images whose species is known

    Scores are null, and `not_measured_<score>` names the species, where held-out queries do not
    measure them; if they measure no species, the score is that of all photographs. Nothing for
    other formats.
    """
    if form not in ("single", "clusters"):
        return {}
    rows = rankings.assign(species=[species_of.get(image, "") for image in rankings["image"]])
    if form == "clusters":
        rows = rows[rows["image"].isin(clusters["image"])]
        rows = select_identified(rows, evaluation.new_whale_prior)
        rows = rows.assign(label=rows["image"].map(clusters.set_index("image")["cluster"]))
    prepare = _prepare_balanced if form == "single" else _prepare_agreement
    score = species.prepare(rows, prepare)
    once = np.ones(len(rows))
    scores = score(once)
    name, mean = MEASURES[form], species.average(scores)
    if np.isnan(mean):  # what each lacks, all together may have
        score = species.prepare(rows.assign(species=""), prepare)
        mean = species.average(score(once))
    card: dict[str, float | str] = {name: mean, f"{name}_low": np.nan, f"{name}_high": np.nan}
    if not np.isnan(mean):
        samples = protocol.bootstrap(
            lambda times: species.average(score(times)),
            rows["cluster"],
            evaluation.bootstrap,
            evaluation.seed,
        )
        card[f"{name}_low"], card[f"{name}_high"] = protocol.percentile_interval(samples)
    if set(scores) - {""}:
        card |= {f"{name}_{own or 'other'}": value for own, value in scores.items()}
    return round_scores(card | explain_missing(form, scores, mean))


def explain_missing(form: Format, scores: Mapping[str, float], mean: float) -> dict[str, str]:
    """Why the score is not measured, of which species; empty if it is of all.

    mean : the score of the card, over all photographs if no species' is measured
    """
    missing = [name or "other" for name, value in scores.items() if np.isnan(value)]
    if scores and not missing:
        return {}
    text = REASONS[form] + (f" of {', '.join(missing)}" if set(scores) - {""} else "")
    together = len(missing) == len(scores) and not np.isnan(mean)
    text += ": it is measured over all species together" if together else ""
    return {f"not_measured_{MEASURES[form]}": text}


def describe(ensemble: str, form: Format, card: Mapping[str, Any]) -> list[str]:
    """A line of the log with the score, or why it is not measured; none for five names."""
    if form == "map5":
        return []
    name = MEASURES[form]
    words = WORDS.get(form, name)
    if card[name] is None:
        return [f"score {ensemble}: {words}: {card[f'not_measured_{name}']}"]
    low, high = card[f"{name}_low"], card[f"{name}_high"]
    return [f"score {ensemble}: held-out {words} {card[name]:.3f} ({low:.3f} to {high:.3f})"]


def _prepare_balanced(rows: pd.DataFrame) -> Statistic:
    first = rows["ranking"].str.split(" ").str[0]
    right, known = (first == rows["truth"]).to_numpy(), (rows["kind"] == KNOWN).to_numpy()
    return prepare_balanced(right, known, rows["cluster"])


def _prepare_agreement(rows: pd.DataFrame) -> Statistic:
    if rows["fold"].nunique() < 2:  # its own choice, or none
        return lambda times: float("nan")
    return prepare_agreement(rows.rename(columns={"cluster": "individual"}))
