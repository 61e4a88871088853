"""`tailprint review`."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = [
    "tailprint review",
    "tailprint review --host 0.0.0.0  # for reviewers on your network",
    "tailprint review --questions pairs.csv --who Ada",
]


def find_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        return "reviewer"


def main(
    ensemble: Annotated[
        str | None, typer.Argument(help="An ensemble; identify.ensemble unless given.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for a free one.")] = 8765,
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than this machine's need a token.")
    ] = "127.0.0.1",
    *,
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
    needs no mouse. A pair that two reviewers answer differently comes again.

    Only this machine reaches the page, unless --host names another address: then the printed URL
    has a token, without which nothing is answered. There is no encryption: use it on networks that
    you trust, or through ssh.
    """
    from pipeline import params, paths
    from pipeline.identify.ensembles import default_ensemble
    from pipeline.review import desk, question_list, server
    from pipeline.review.access import QUESTIONS, Access
    from pipeline.review.decisions import check_reviewer
    from pipeline.review.ledger import Ledger
    from pipeline.review.question_desk import QuestionDesk
    from pipeline.review.views import Views

    p = params.load()
    name = ensemble or default_ensemble(p)
    report, reviewer = desk.find_report(name), check_reviewer(who)
    folds = p.ensembles[name].fold_list(p.folds.trained)
    source = question_list.choose(file, p.match.backbone, folds)
    listener = server.listen(host, port)
    access = Access.to(listener, host)
    views = Views([*folds, paths.TEST])
    questions = QuestionDesk(Ledger(p.labels.conflicts), source, views, second_opinions)
    app = desk.create_app(report, reviewer, access, questions)
    running = server.create(app, listener)
    print(f"{access.url} shows {name}. Decisions go to {paths.REVIEW}. Ctrl-C ends it.", flush=True)
    print(f"{access.locate(QUESTIONS)} asks the most useful question next.", flush=True)
    running.run()
