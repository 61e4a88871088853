"""`tailprint review`."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import HalfWidth, Seed

if TYPE_CHECKING:
    from pipeline.params import Params
    from pipeline.population.live import LiveCount

EXAMPLES = [
    "tailprint review",
    "tailprint review --host 0.0.0.0  # for reviewers on your network",
    "tailprint review --questions pairs.csv --who Ada",
    "tailprint review best --count  # how many individuals are there?",
]


def find_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        return "reviewer"


# one option per thing that a reviewer chooses
def main(  # noqa: PLR0913
    ensemble: Annotated[
        str | None, typer.Argument(help="An ensemble; identify.ensemble unless given.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for a free one.")] = 8765,
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than this machine's need a token.")
    ] = "127.0.0.1",
    *,
    count: Annotated[
        bool,
        typer.Option(
            "--count", help="Ask how many individuals there are; the number so far is shown."
        ),
    ] = False,
    half_width: HalfWidth = 0.1,
    seed: Seed = 0,
    who: Annotated[str, typer.Option(default_factory=find_user, help="The reviewer's name.")],
    file: Annotated[
        Path | None,
        typer.Option(
            "--questions",
            metavar="FILE",
            help="A CSV with the columns photograph and other, to ask about in its order, in place "
            "of the questions by expected gain; probability, gain and reason are shown if it has "
            "them.",
        ),
    ] = None,
    second_opinions: Annotated[
        bool,
        typer.Option(
            "--second-opinions",
            help="Ask each reviewer what others have answered, to measure their agreement.",
        ),
    ] = False,
) -> None:
    """Decide on the answers of a report in the browser.

    Serves an ensemble's report with buttons: same individual, different, unsure, or a new one.
    Every decision is a row of data/review.csv, on the disk before the page shows it; nothing is
    ever removed from the file, an undo is a row too. The next `tailprint run` uses the decisions
    that hold: as labels, and as pairs that are not one photograph. A decision that contradicts
    earlier ones is refused, and their rows are named.

    The page /questions beside the report asks about one pair of photographs after the other, the
    one whose answer is expected to correct most first, and says how many more are worth it. It
    needs no mouse. A pair that two reviewers answer differently comes again. With --count it asks
    the questions of `tailprint count`, which follow from the answers so far, and shows the number.

    The page /unknown shows the photographs that are called new, grouped by animal. A group that
    gets a name becomes an individual at the next `tailprint run`: its photographs are in the
    gallery and in the training set, and are answered by that name.

    Only this machine reaches the page, unless --host names another address: then the printed URL
    has a token, without which nothing is answered. There is no encryption: use it on networks that
    you trust, or through ssh.
    """
    from functools import partial

    from pipeline import params, paths
    from pipeline.data import artefacts
    from pipeline.identify.ensembles import default_ensemble
    from pipeline.identify.unknown_individuals import NewPhotographs
    from pipeline.review import desk, question_list, server
    from pipeline.review.access import QUESTIONS, UNKNOWN, Access
    from pipeline.review.decisions import check_reviewer
    from pipeline.review.ledger import Ledger
    from pipeline.review.question_desk import QuestionDesk
    from pipeline.review.unknown_desk import UnknownDesk
    from pipeline.review.views import Views

    p = params.load()
    name = ensemble or default_ensemble(p)
    report, reviewer = desk.find_report(name), check_reviewer(who)
    folds = p.ensembles[name].fold_list(p.folds.trained)
    if count and (file or second_opinions):
        raise typer.BadParameter("--count asks its own questions: leave the other option out")
    listener = server.listen(host, port)
    access = Access.to(listener, host)
    views = Views([*folds, paths.TEST])
    ledger = Ledger(p.labels.conflicts)
    if count:
        live = start_count(name, p, seed, half_width)
        questions = QuestionDesk(
            ledger, lambda _: live.list_questions(), views, False, live.describe
        )
    else:
        source = question_list.choose(file, p.match.backbone, folds)
        questions = QuestionDesk(ledger, source, views, second_opinions)
    label = artefacts.load_columns().new_whale
    unknown = UnknownDesk(ledger, partial(NewPhotographs.load, name, p), label)
    app = desk.create_app(report, reviewer, access, questions, unknown)
    running = server.create(app, listener)
    print(f"{access.url} shows {name}. Decisions go to {paths.REVIEW}. Ctrl-C ends it.", flush=True)
    print(f"{access.locate(QUESTIONS)} asks the most useful question next.", flush=True)
    print(f"{access.locate(UNKNOWN)} shows unknown individuals, to be named.", flush=True)
    running.run()


def start_count(ensemble: str, p: "Params", seed: int, half_width: float) -> "LiveCount":
    """The count of a finished run, whose questions follow from the decisions."""
    from pipeline.population import finished_run
    from pipeline.population.count import Survey
    from pipeline.population.live import LiveCount

    named = finished_run.load(ensemble, p)
    return LiveCount(named, Survey(named.collection, seed, half_width))
