"""Send a submission to kaggle.com, and write the score that comes back into the leaderboard."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline import paths
from pipeline.data import artefacts, submission_file
from pipeline.identify.ensembles import check_ensembles
from pipeline.leaderboard import history
from pipeline.leaderboard.kaggle_client import Client
from pipeline.params import Format, Params
from pipeline.steps.competition.kaggle import connect as connect_client
from pipeline.steps.submission import contract
from pipeline.steps.submission.queries import list_vocabulary
from pipeline.system.errors import Faults, UserError, require_files

logger = logging.getLogger(__name__)

FIRST_LINES = 3  # of the file, in its description
PAUSE = 5.0  # seconds between two requests for the score


@dataclass(frozen=True)
class Upload:
    """A submission file, its ensemble and format, and the competition's name at kaggle.com."""

    ensemble: str
    csv: Path
    slug: str
    form: Format

    def describe(self, message: str) -> str:
        """What is sent, word for word."""
        lines = self.csv.read_text().splitlines()
        size = f"{self.csv.stat().st_size} bytes, {len(lines) - 1} answers"
        return "\n".join(
            [
                f"to: https://www.kaggle.com/c/{self.slug}",
                f"message: {message}",
                f"file: {self.csv}, {size}, hash {history.digest(self.csv)}",
                *(f"  {line}" for line in lines[: 1 + FIRST_LINES]),
                "  ...",
            ]
        )


def prepare(ensemble: str, p: Params, slug: str = "") -> Upload:
    """Choose the ensemble's submission and the competition that it goes to.

    Raises UserError for an unknown ensemble, one that has not run, without a competition, and for
    ranked photographs.
    """
    check_ensembles([ensemble], p)
    csv = paths.submission(ensemble)
    if p.submission.format == "photographs":
        raise UserError(f"kaggle.com has no competition that ranks photographs: send {csv} by hand")
    require_files([csv])
    return Upload(ensemble, csv, slug or choose_slug(p), p.submission.format)


def choose_slug(p: Params) -> str:
    """The competition of params.yaml. Raises UserError if the photographs came as a folder."""
    if p.competition.source != "kaggle":
        raise UserError(
            f"the photographs are the folder {p.competition.path} (competition.source: directory) "
            "of no competition: add --slug NAME, as in kaggle.com/c/NAME"
        )
    return p.competition.slug


def check(upload: Upload, ref: int) -> None:
    """Raise UserError if there is nothing to send, or nothing was sent as number `ref`.

    A file is sent if it is on the leaderboard and keeps the competition's rules.
    """
    past = history.read(paths.LEADERBOARD)
    if ref:
        if str(ref) not in set(past[history.REF]):
            raise UserError(f"{paths.LEADERBOARD} has no row that was sent as number {ref}")
        return
    if history.digest(upload.csv) not in set(past.loc[past["ensemble"] == upload.ensemble, "csv"]):
        raise UserError(f"{upload.csv} is not on the leaderboard: run tailprint leaderboard first")
    check_rules(upload.csv, upload.form)


def check_rules(csv: Path, form: Format) -> None:
    """Raise UserError if a submission breaks the competition's rules."""
    answers = submission_file.read_submission(csv, artefacts.load_columns().new_whale)
    sample = artefacts.load_sample()
    vocabulary = set(list_vocabulary(artefacts.load_folds()))
    try:
        contract.check_answers(answers.set_index("image")["ranking"], sample, vocabulary, form)
    except ValueError as error:
        raise UserError(f"{csv} was not sent: {error}") from None


def submit(
    upload: Upload, message: str, seconds: float, ref: int = 0, client: Client | None = None
) -> dict[str, str]:
    """Send the file, and write the score that comes back (history.KAGGLE) into the leaderboard.

    seconds : how long to wait for the score
    ref : kaggle.com's number of an earlier upload: nothing is sent, its score is requested
    """
    client = client or connect(upload)
    ref = ref or send(upload, message, client)
    return wait_for_score(upload.slug, ref, seconds, client)


def connect(upload: Upload) -> Client:
    """Kaggle's client. Raises UserError without a token, with the way to one."""
    try:
        return connect_client(f". Or upload {upload.csv} by hand at the address above")
    except Faults as error:
        raise UserError(str(error)) from None


def send(upload: Upload, message: str, client: Client) -> int:
    """Upload the file and note kaggle.com's number of it in the leaderboard; returns the number.

    Raises UserError if kaggle.com does not accept the file.
    """
    csv = upload.csv
    try:
        sent = client.competition_submit(str(csv), message, upload.slug, quiet=True)
    except Exception as error:  # the client passes on whatever its HTTP library raises
        raise UserError(f"kaggle.com did not accept {csv}: {error}") from None
    if not sent.ref:  # an upload that failed is an answer without a number
        raise UserError(f"kaggle.com did not accept {csv}: {sent.message}")
    logger.info("sent, as number %s: %s", sent.ref, sent.message)
    # at once: whatever is built before the score arrives, it belongs to this row
    history.record_upload(upload.ensemble, history.digest(csv), sent.ref, paths.LEADERBOARD)
    return sent.ref


def wait_for_score(slug: str, ref: int, seconds: float, client: Client) -> dict[str, str]:
    """Request the score of submission `ref` until it is there, and write it into the leaderboard.

    Raises UserError if kaggle.com could not score it, or takes longer than `seconds`.
    """
    until = time.monotonic() + seconds
    while (scores := request_score(slug, ref, client)) is None:
        if time.monotonic() > until:
            raise UserError(
                f"sent, but not scored after {seconds:.0f} seconds: see "
                f"https://www.kaggle.com/c/{slug}/submissions, or try again with --ref {ref}"
            )
        time.sleep(PAUSE)
    history.record_scores(ref, scores, paths.LEADERBOARD)
    return scores


def request_score(slug: str, ref: int, client: Client) -> dict[str, str] | None:
    """The public and private score (history.KAGGLE), or None if kaggle.com has none yet."""
    try:
        submissions = client.competition_submissions(slug) or []
    except Exception as error:  # what was sent stays sent: request it again
        logger.warning("kaggle.com did not answer: %s", error)
        return None
    mine = [submission for submission in submissions if submission.ref == ref]
    status = mine[0].status.name if mine else "PENDING"
    if status == "ERROR":
        raise UserError(f"kaggle.com could not score it: {mine[0].error_description}")
    if status != "COMPLETE":
        return None
    scores = (mine[0].public_score or "", mine[0].private_score or "")
    return dict(zip(history.KAGGLE, scores, strict=True))
