"""`tailprint review`."""

import getpass
from typing import Annotated

import typer

EXAMPLES = ["tailprint review"]


def main(
    ensemble: Annotated[
        str | None, typer.Argument(help="An ensemble; identify.ensemble unless given.")
    ] = None,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = 8765,
    *,
    who: Annotated[str, typer.Option(default_factory=getpass.getuser, help="The reviewer's name.")],
) -> None:
    """Decide on the answers of a report in the browser.

    Serves an ensemble's report on this machine only, with buttons: same individual, different,
    unsure, or a new one. Every decision is a row of data/review.csv, on the disk before the page
    shows it; nothing is ever removed from the file, an undo is a row too. The next `tailprint run`
    uses the decisions that hold: as labels, and as pairs that are not one photograph. A decision
    that contradicts earlier ones is refused, and their rows are named.
    """
    from pipeline import params, paths
    from pipeline.identify.ensembles import default_ensemble
    from pipeline.review import desk

    p = params.load()
    name = ensemble or default_ensemble(p)
    desk.find_report(name)
    print(
        f"http://{desk.HOST}:{port} shows {name}. Decisions go to {paths.REVIEW}. Ctrl-C ends it."
    )
    desk.serve(name, p, port, who)
