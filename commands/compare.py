"""`tailprint compare`."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.options import Ensemble

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.params import Params

EXAMPLES = [
    "tailprint compare card before               # an experiment: dvc exp save -n before",
    "tailprint compare card HEAD~1               # a commit, a tag",
    "tailprint compare card ../another-checkout  # a folder",
    "tailprint compare card . --other best       # another ensemble",
]


def main(
    ensemble: Ensemble,
    place: Annotated[str, typer.Argument(help="A commit, tag, experiment or folder.")],
    other: Annotated[
        str, typer.Option(help="The ensemble's name there, if it differs.", show_default=False)
    ] = "",
) -> None:
    """Compare an ensemble with another run, query by query.

    Prints the gain of the workspace over the other place in held-out MAP@5, with its 95 % interval,
    on the queries that both answered. It covers one seed: if training is involved, run several.
    """
    from pipeline import params

    other = other or ensemble
    gain = measure_gain(ensemble, place, other, params.load())
    print(
        f"{gain['queries']} common queries: {ensemble} here {gain['second']:.4f}, "
        f"{other} at {place} {gain['first']:.4f}"
    )
    if gain["kinds"] != "both":
        print(
            f"all of them of {gain['kinds']} individuals: this is no MAP@5 of a test with both "
            "kinds"
        )
    print(
        f"gain {gain['difference']:+.4f} ({gain['low']:+.4f} to {gain['high']:+.4f}); "
        f"smallest visible {gain['visible']:.4f}"
    )


def measure_gain(ensemble: str, place: str, other: str, p: "Params") -> dict[str, Any]:
    """The gain (`comparison.compute_gain`) of the workspace's ensemble over `other` at `place`."""
    from dvc.exceptions import DvcException
    from scmrepo.exceptions import SCMError

    from pipeline.evaluation import comparison
    from pipeline.system.errors import UserError

    try:
        before, now = read_rankings(place, other), read_rankings(".", ensemble)
        return comparison.compute_gain(before, now, p.evaluation)
    except (OSError, ValueError, DvcException, SCMError) as error:
        raise UserError(
            f"can't compare {ensemble} with {other} at {place}: {error}. The place is a folder, "
            "commit, tag or experiment; both ensembles must have been run (tailprint run), and a "
            "commit's results be in DVC's cache"
        ) from None


def read_rankings(place: str, ensemble: str) -> "pd.DataFrame":
    """The ensemble's "rankings" table in a folder, or at a commit, tag or experiment."""
    import dvc.api

    from pipeline import paths
    from pipeline.data import tables

    path = paths.rankings(ensemble)
    if Path(place).is_dir():
        return tables.read("rankings", Path(place) / path)
    text = io.StringIO(dvc.api.read(str(path), rev=place))
    return tables.parse("rankings", text, f"{path} at {place}")
