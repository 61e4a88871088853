"""Send an ensemble's submission to kaggle.com and write the score that comes back.

    python -m commands.submit ENSEMBLE -m "what is new" [--dry-run] [--wait 300]

Uploads submissions/ENSEMBLE.csv to competition.slug with Kaggle's own client, waits for the score
and writes it into the submission's row of submissions/leaderboard.csv (so run
`python -m commands.leaderboard` before). --dry-run says what would be sent, and sends nothing.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import pandas as pd

from commands.leaderboard import digest
from pipeline import params, paths, submitted, tables
from pipeline.competition.faults import Faults
from pipeline.competition.kaggle import connected
from pipeline.leaderboard import history
from pipeline.submission import contract
from pipeline.submission.submission import vocabulary_of

SHOWN = 3  # first lines of the file
PAUSE = 5.0  # seconds between two questions for the score


def main(name: str, message: str, dry: bool, wait: float, client: Any = None) -> None:
    p = params.load()
    csv = paths.submission(name)
    if name not in p.ensembles:
        raise SystemExit(f"no ensemble {name!r}; params.yaml has {list(p.ensembles)}")
    if not csv.is_file():
        raise SystemExit(f"{csv} is not there: run the pipeline first (dvc repro)")
    if digest(csv) not in set(history.read(paths.LEADERBOARD)["csv"]):
        raise SystemExit(
            f"{csv} is not on the leaderboard: run python -m commands.leaderboard first"
        )
    keeps_contract(csv, p.competition.columns.new_whale)
    print(told(csv, p.competition.slug, message))
    if dry:
        return print("nothing was sent (--dry-run)")
    try:
        client = client or connected(f". Or upload {csv} by hand at the address above")
        sent = client.competition_submit(str(csv), message, p.competition.slug, quiet=True)
    except Faults as error:
        raise SystemExit(str(error)) from None
    except Exception as error:  # the client passes on whatever its HTTP library raises
        raise SystemExit(f"kaggle.com did not take {csv}: {error}") from None
    print(f"sent: {sent.message}")
    scores = score(client, p.competition.slug, sent.ref, wait)
    history.scored(digest(csv), scores, paths.LEADERBOARD)
    print(f"public {scores['kaggle_public']}, private {scores['kaggle_private'] or 'not told yet'}")


def keeps_contract(csv: Path, new: str) -> None:
    """Raises SystemExit where the file is not what the competition takes."""
    said = submitted.read(csv, new)
    sample = pd.read_csv(paths.SAMPLE, dtype=str, keep_default_na=False)["image"]
    vocabulary = set(vocabulary_of(tables.read("folds", paths.FOLDS)))
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
        mine = [one for one in client.competition_submissions(slug) or [] if one.ref == ref]
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
                f"https://www.kaggle.com/c/{slug}/submissions"
            )
        time.sleep(PAUSE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ensemble")
    parser.add_argument("-m", "--message", required=True)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--wait", type=float, default=300.0, help="seconds, for the score")
    arguments = parser.parse_args()
    main(arguments.ensemble, arguments.message, arguments.dry_run, arguments.wait)
