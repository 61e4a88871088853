"""`tailprint pseudo-label`."""

from typing import Annotated

import typer

from commands.options import check_probability

EXAMPLES = ["tailprint pseudo-label best", "tailprint pseudo-label best card --surest 3"]
MIN_POSTERIOR = 0.95


def main(
    ensembles: Annotated[list[str], typer.Argument(help="Ensembles that must all agree.")],
    confidence: Annotated[
        float | None,
        typer.Option(callback=check_probability, help="The smallest posterior; 0.95 unless given."),
    ] = None,
    surest: Annotated[
        int | None, typer.Option(help="This many of each identity instead, however sure.")
    ] = None,
) -> None:
    """Label test photographs that the members agree on.

    For the next round of training, a test photograph is labelled for fold f if the ensembles'
    members of fold f, and only they, all rank the same known identity first, each with a posterior
    of CONFIDENCE or more (before the ensemble's own placing of new_whale). With --surest N these
    are each identity's N surest photographs: members trained on few labels are seldom sure.

    Writes data/pseudo.csv anew, with the next round's number. The next `tailprint run` trains
    member f on the rows of fold f and no others, so that a held-out score stays honest. For the
    same reason the held-out photographs of fold f have no part in its rows: the test is compared
    anew with a gallery that lacks them, the blend is fitted on the other folds', point weights are
    left out, and an ensemble that needs a re-ranker is refused. The rows name the partition into
    folds that they were made with: the stage `folds` refuses them with another. To undo it: git
    checkout data/pseudo.csv.
    """
    from pipeline import params, paths
    from pipeline.identify.pseudo_labelling import pseudo_label

    if confidence is not None and surest is not None:
        raise typer.BadParameter("--confidence and --surest exclude each other")
    labels = pseudo_label(ensembles, params.load(), confidence or MIN_POSTERIOR, surest)
    table = labels.table
    print(
        f"{paths.PSEUDO}: round {labels.round}, "
        f"{table['image'].nunique()} test photographs of {table['identity'].nunique()} identities, "
        f"{len(table)} labels in {table['fold'].nunique()} folds"
    )
