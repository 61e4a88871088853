"""`tailprint submit`."""

from typing import Annotated

import typer

from commands.options import Ensemble

EXAMPLES = [
    'tailprint submit card -m "no Reptile"',
    'tailprint submit card -m "no Reptile" --dry-run',
    "tailprint submit card --ref 12345678  # the score of an earlier upload",
]
Ref = Annotated[int, typer.Option(help="kaggle.com's number of an earlier upload: its score only.")]
Slug = Annotated[str, typer.Option(help="The competition's name at kaggle.com.")]


def main(
    ensemble: Ensemble,
    message: Annotated[str, typer.Option("-m", "--message", help="What is new.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print it, and send nothing.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the score.")] = 300.0,
    ref: Ref = 0,
    slug: Slug = "",
) -> None:
    """Send a submission to kaggle.com and store its score.

    Uploads submissions/ENSEMBLE.csv with Kaggle's own client to competition.slug, or to --slug if
    the photographs came as a folder; waits for the score and writes it into the submission's row of
    submissions/leaderboard.csv (run `tailprint leaderboard` before).
    """
    from pipeline import params
    from pipeline.leaderboard import kaggle

    if not (message or ref):
        raise typer.BadParameter("-m: a message says what is new")
    p = params.load()
    upload = kaggle.prepare(ensemble, p, slug)
    kaggle.check(upload, ref)
    if not ref:
        print(upload.describe(message))
    if dry_run:
        print("nothing was sent (--dry-run)")
        return
    scores = kaggle.submit(upload, message, wait, ref)
    print(f"public {scores['kaggle_public']}, private {scores['kaggle_private'] or 'unknown yet'}")
