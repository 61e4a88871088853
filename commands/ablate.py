"""`tailprint ablate`."""

from typing import Annotated

import typer

EXAMPLES = ["tailprint ablate demo", "tailprint ablate demo --only no_triplet"]


def main(
    name: Annotated[str, typer.Argument(help="A file of presets/studies/, without .yaml.")],
    only: Annotated[
        list[str] | None, typer.Option(help="An edit to run again; may be repeated.")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Run nothing: the rows are of the current settings.")
    ] = False,
) -> None:
    """Run an ablation study, or resume it.

    Reads presets/studies/NAME.yaml: a preset, the ensemble that is watched, seeds and edits. Every
    edit is run at every seed in a clone of the last commit (.dvc/tmp/ablate/NAME) that shares DVC's
    cache, so that nothing is computed twice, and is compared with the base query by query. After
    each edit submissions/ablations/NAME.csv and .png are written anew, and the table of that name
    in docs/results/ablations.md, if it has the marks of one. Failed edits are listed at the end.

    An edit whose row is in the CSV with the same settings is not run again, so that a study may
    take many sittings, and commits; an edit and its base are always of one commit, which the row
    names. --only runs its edits whatever the CSV has. --accept runs nothing and marks the CSV's
    rows as of the current settings, after an edit of the preset that changes no result (a new
    switch that is off). Delete the clone to start over.
    """
    from commands.study_runs import load_study, run_study
    from pipeline.evaluation import study_table

    study = load_study(name)
    if not accept:
        run_study(study, only or [])
        return
    count = study_table.accept(name, study.digests)
    print(f"{study_table.FOLDER / name}.csv: {count} rows are of the current settings")
