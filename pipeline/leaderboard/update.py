"""Add what is new to submissions/leaderboard.csv, and write its page. Nothing is fitted here."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, solution, submission_file, tables
from pipeline.data.named import is_named
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import metrics
from pipeline.evaluation.coverage import weigh_both_kinds
from pipeline.leaderboard import changes, hidden, history, page
from pipeline.params import Format, Params
from pipeline.steps.score.formats import MEASURES
from pipeline.steps.submission.load import load_scenarios
from pipeline.system.errors import require_files
from pipeline.system.git import current_commit

logger = logging.getLogger(__name__)

PARAMS, LOCK = Path("params.yaml"), Path("dvc.lock")
PAGE = paths.LEADERBOARD.with_suffix(".html")


def update_leaderboard(p: Params) -> pd.DataFrame:
    """Add every ensemble's new submission to the history; returns their rows (history.COLUMNS).

    An ensemble whose files are missing or of different runs is left out, with a warning. Raises
    UserError if the pipeline has not run.
    """
    require_files([paths.DUPLICATES])
    past = history.find_last_keys(history.read(paths.LEADERBOARD))
    complete = [name for name in p.ensembles if is_complete(name)]
    rows = [build_row(name, past.get(name, ""), p) for name in complete]
    table = pd.DataFrame(rows, columns=history.COLUMNS)
    history.append(table, paths.LEADERBOARD)
    html = page.render_page(history.read(paths.LEADERBOARD))
    tables.replace(PAGE, lambda part: part.write_text(html))
    return table


def is_complete(ensemble: str) -> bool:
    """Whether the ensemble has a submission with a score card and rankings of the same run.

    Warns if it has not, and of what its card does not measure.
    """
    if not paths.submission(ensemble).is_file():
        return False
    if fault := find_fault(ensemble):
        logger.warning("%s is left out: %s: run dvc repro", ensemble, fault)
        return False
    warn_of_limits(ensemble, tables.read_json(paths.score_card(ensemble)))
    return True


def warn_of_limits(ensemble: str, card: dict[str, Any]) -> None:
    """Repeat what a score card says of its scores: what limits them stands in no column."""
    if reason := card.get("not_measured"):
        logger.warning("%s: %s", ensemble, reason)
    if season := card.get("season"):
        logger.warning("%s: scores are by time: photographs %s", ensemble, season)
    if members := card.get("not_converged"):
        logger.warning("%s has not converged: %s", ensemble, members)
    if "left_out_test" in card:
        logger.warning(
            "%s: %d photographs of the training and %d of the test can't be read and are left out",
            *(ensemble, card["left_out_train"], card["left_out_test"]),
        )


def find_fault(ensemble: str) -> str:
    """What of the submission's last run is missing, or is another run's; "" if all is complete."""
    card, rankings = paths.score_card(ensemble), paths.rankings(ensemble)
    missing = [file for file in (card, rankings) if not file.is_file()]
    if missing:
        return f"{missing[0]} does not exist"
    ranked = tables.read("rankings", rankings)
    precision = metrics.precision_at_5(ranked["truth"], ranked["ranking"].str.split(" ").tolist())
    mean = metrics.mean(precision, weigh_both_kinds(ranked))
    map5 = None if np.isnan(mean) else round(mean, 5)
    on_card = tables.read_json(card)["map5"]
    return "" if map5 == on_card else f"{card} has {on_card}, {rankings} {map5}"


def build_row(ensemble: str, previous: str, p: Params) -> dict[str, object]:
    """The ensemble's row: its files, its scores, and the gain over the row `previous` (a key)."""
    run = describe_run(ensemble)
    scores = score_hidden(ensemble, p)
    key = history.build_key(run)
    changes.keep_files(key, paths.rankings(ensemble), PARAMS, paths.SUBMISSION_HISTORY)
    gain = changes.compare_submissions(previous, key, paths.SUBMISSION_HISTORY, p.evaluation)
    return run | read_card(ensemble, p.submission.format) | scores | gain


def describe_run(ensemble: str) -> dict[str, str]:
    """When the submission was built, and from which commit, parameters and files."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": current_commit(),
        "params": history.digest(PARAMS),
        "lock": history.digest(LOCK) if LOCK.is_file() else "",
        "csv": history.digest(paths.submission(ensemble)),
        "ensemble": ensemble,
        "seconds": paths.LAST_BUILD.read_text().strip() if paths.LAST_BUILD.is_file() else "",
    }


def read_card(ensemble: str, form: Format) -> dict[str, object]:
    """The score card's first numbers, under the leaderboard's names."""
    scores = tables.read_json(paths.score_card(ensemble))
    measure = MEASURES.get(form, "map5")
    own = [measure, *(scores.get(f"{measure}{end}") for end in ("", "_low", "_high"))]
    card = {f"held_out_{key}" if key == "map5" else key: scores[key] for key in history.CARD}
    return card | dict(zip(history.OWN, own, strict=True))


def score_hidden(ensemble: str, p: Params) -> dict[str, float]:
    """The scores against the competition's solution, NaN if it has none.

    Photographs that reviewers have named have no part: no ensemble has answered them.
    """
    columns = artefacts.load_columns()
    truth = solution.read_solution(Path(p.competition.path), columns)
    duplicates = set(artefacts.load_duplicates()["image"])
    if p.submission.format == "photographs":
        answers = measure_photographs(ensemble, truth) if truth is not None else pd.DataFrame()
        return hidden.compute_hidden_scores(answers, truth, duplicates, hidden.score_photographs)
    answers = submission_file.read_submission(paths.submission(ensemble), columns.new_whale)
    score: hidden.Score = hidden.score_map5
    if truth is not None:
        labels = artefacts.load_labels()
        answers = answers[~answers["image"].isin(labels.loc[is_named(labels), "image"])]
    if truth is not None and p.submission.format != "map5":
        known = set(labels["identity"]) - {NEW_WHALE}
        score = hidden.choose_score(p.submission.format, known, artefacts.load_species())
    return hidden.compute_hidden_scores(answers, truth, duplicates, score)


def measure_photographs(ensemble: str, truth: pd.DataFrame) -> pd.DataFrame:
    """The average precision of the ensemble's photographs (`hidden.measure_photographs`).

    truth : the solution (columns image, identity)
    """
    found = submission_file.read_photographs(paths.submission(ensemble))
    known = pd.concat(
        [artefacts.load_labels()[["image", "identity"]], truth[["image", "identity"]]]
    )
    identities = dict(zip(known["image"], known["identity"], strict=True))
    given = load_scenarios(artefacts.load_sample(), "photographs")
    return hidden.measure_photographs(found, given, identities)
