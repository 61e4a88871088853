"""Send an ensemble's submission to kaggle.com and write the score that comes back.

    python -m commands.submit ENSEMBLE -m "what is new" [--dry-run] [--wait 300]
    python -m commands.submit ENSEMBLE --ref NUMBER      # the score of what was sent before

Uploads submissions/ENSEMBLE.csv with Kaggle's own client to competition.slug, or to --slug where
the photographs came as a folder; waits for the score and writes it into the submission's row of
submissions/leaderboard.csv (so run `python -m commands.leaderboard` before). --dry-run says what
would be sent, and sends nothing.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import pandas as pd

from commands.leaderboard import digest
from pipeline import params, paths
from pipeline.data import submission_file, tables
from pipeline.leaderboard import history
from pipeline.steps.competition.faults import Faults
from pipeline.steps.competition.kaggle import connect
from pipeline.steps.submission import contract
from pipeline.steps.submission.submission import list_vocabulary

SHOWN = 3  # first lines of the file
PAUSE = 5.0  # seconds between two questions for the score


def main(
    name: str,
    message: str,
    dry: bool,
    wait: float,
    client: Any = None,
    ref: int = 0,
    slug: str = "",
) -> None:
    p = params.load()
    csv = paths.submission(name)
    if name not in p.ensembles:
        raise SystemExit(f"no ensemble {name!r}; params.yaml has {list(p.ensembles)}")
    if not csv.is_file():
        raise SystemExit(f"{csv} is not there: run the pipeline first (dvc repro)")
    past = history.read(paths.LEADERBOARD)
    if ref and str(ref) not in set(past[history.REF]):
        raise SystemExit(f"{paths.LEADERBOARD} has no row that was sent as number {ref}")
    if not ref and digest(csv) not in set(past.loc[past["ensemble"] == name, "csv"]):
        raise SystemExit(
            f"{csv} is not on the leaderboard: run python -m commands.leaderboard first"
        )
    slug = slug or where(p.competition)
    if not ref:
        keeps_contract(csv, p.competition.columns.new_whale)
        print(told(csv, slug, message))
    if dry:
        return print("nothing was sent (--dry-run)")
    try:
        client = client or connect(f". Or upload {csv} by hand at the address above")
    except Faults as error:
        raise SystemExit(str(error)) from None
    if not ref:
        ref = send(client, csv, message, slug)
        # at once: whatever is built before the score is there, it belongs to this row
        history.sent(name, digest(csv), ref, paths.LEADERBOARD)
    scores = score(client, slug, ref, wait)
    history.scored(ref, scores, paths.LEADERBOARD)
    print(f"public {scores['kaggle_public']}, private {scores['kaggle_private'] or 'not told yet'}")


def where(competition: params.Competition) -> str:
    """The competition that params.yaml says the photographs are of; SystemExit for a folder's."""
    if competition.source != "kaggle":
        raise SystemExit(
            f"the photographs are the folder {competition.path}'s (competition.source: directory), "
            "and nothing says whose competition that is: add --slug NAME, as in kaggle.com/c/NAME"
        )
    return competition.slug


def send(client: Any, csv: Path, message: str, slug: str) -> int:
    """Upload the file; the number by which kaggle.com knows it. SystemExit where it isn't taken."""
    try:
        sent = client.competition_submit(str(csv), message, slug, quiet=True)
    except Exception as error:  # the client passes on whatever its HTTP library raises
        raise SystemExit(f"kaggle.com did not take {csv}: {error}") from None
    if not sent.ref:  # an upload that failed is an answer without a number
        raise SystemExit(f"kaggle.com did not take {csv}: {sent.message}")
    print(f"sent, as number {sent.ref}: {sent.message}")
    return sent.ref


def keeps_contract(csv: Path, new: str) -> None:
    """Raises SystemExit where the file is not what the competition takes."""
    said = submission_file.read(csv, new)
    sample = pd.read_csv(paths.SAMPLE, dtype=str, keep_default_na=False)["image"]
    vocabulary = set(list_vocabulary(tables.read("folds", paths.FOLDS)))
    try:
        contract.check(said.set_index("image")["ranking"], sample, vocabulary)
    except ValueError as error:
        raise SystemExit(f"{csv} was not sent: {error}") from None


def told(csv: Path, slug: str, message: str) -> str:
    """What is sent, word for word."""
    lines = csv.read_text().splitlines()
    size = f"{csv.stat().st_size} bytes, {len(lines) - 1} answers"
    return "\n".join(
        [
            f"to: https://www.kaggle.com/c/{slug}",
            f"message: {message}",
            f"file: {csv}, {size}, hash {digest(csv)}",
            *(f"  {line}" for line in lines[: 1 + SHOWN]),
            "  ...",
        ]
    )


def score(client: Any, slug: str, ref: int, wait: float) -> dict[str, str]:
    """What kaggle.com says of the submission `ref`, asked again until it is scored.

    SystemExit where it is refused, or takes longer than `wait` seconds.
    """
    until = time.monotonic() + wait
    while True:
        try:
            known = client.competition_submissions(slug) or []
        except Exception as error:  # what was sent stays sent: ask again
            print(f"kaggle.com did not answer: {error}")
            known = []
        mine = [one for one in known if one.ref == ref]
        status = mine[0].status.name if mine else "PENDING"
        if status == "ERROR":
            raise SystemExit(f"kaggle.com could not score it: {mine[0].error_description}")
        if status == "COMPLETE":
            return {
                "kaggle_public": mine[0].public_score or "",
                "kaggle_private": mine[0].private_score or "",
            }
        if time.monotonic() > until:
            raise SystemExit(
                f"sent, but not scored after {wait:.0f} seconds: see "
                f"https://www.kaggle.com/c/{slug}/submissions, or ask again with --ref {ref}"
            )
        time.sleep(PAUSE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ensemble")
    parser.add_argument("-m", "--message", default="")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--wait", type=float, default=300.0, help="seconds, for the score")
    parser.add_argument("--ref", type=int, default=0, help="kaggle.com's number of what was sent")
    parser.add_argument("--slug", default="", help="the competition's name at kaggle.com")
    given = parser.parse_args()
    if not (given.message or given.ref):
        parser.error("-m: a message says what is new")
    sent = {"ref": given.ref, "slug": given.slug}
    main(given.ensemble, given.message, given.dry_run, given.wait, **sent)
