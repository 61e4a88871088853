"""The program's questions in Python, for a notebook.

from pipeline.project import Project

whales = Project("~/whales")
whales.identify("A.jpg").table.head()          # who is it? identities with probabilities
whales.verify("A.jpg", "B.jpg").probability    # of one animal on both photographs
whales.enroll("A.jpg", "w_newcomer")           # from now on `identify` compares with it
"""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported by the methods that need them: torch and others take seconds
    import pandas as pd

    from pipeline.identify.identification import Identification
    from pipeline.identify.verification import Verification
    from pipeline.params import Params


class Project:
    """A folder with params.yaml and a finished run (`tailprint run`).

    Photographs' paths are relative to the current folder. The project's own files are relative to
    `root`: each method changes into it while it works, so do not call several in threads.

    All methods raise UserError, with the remedy, if a file is missing or does not fit.
    """

    def __init__(self, root: str | Path = ".") -> None:
        self.root = absolute(root)

    @property
    def params(self) -> "Params":
        """The checked params.yaml."""
        from pipeline import params

        return params.load(self.root / "params.yaml")

    def identify(
        self,
        photograph: str | Path,
        ensemble: str | None = None,
        prior: float | None = None,
        viewpoint: str | None = None,
    ) -> "Identification":
        """Identify the individual on a photograph (`identification.identify`)."""
        from pipeline.identify.identification import identify

        path = absolute(photograph)
        with contextlib.chdir(self.root):
            return identify(path, self.params, ensemble, prior, viewpoint)

    def verify(self, first: str | Path, second: str | Path, prior: float = 0.5) -> "Verification":
        """Estimate whether two photographs show one animal (`verification.verify`)."""
        from pipeline.identify.verification import verify

        files = absolute(first), absolute(second)
        with contextlib.chdir(self.root):
            return verify(*files, self.params, prior)

    def enroll(self, photograph: str | Path, identity: str) -> Path:
        """Add an individual by one photograph; returns the stored file (`enrolment.enroll`)."""
        from pipeline.identify.enrolment import enroll

        path = absolute(photograph)
        with contextlib.chdir(self.root):
            return self.root / enroll(path, identity, self.params)

    def leaderboard(self) -> "pd.DataFrame":
        """The history of submissions, one row per submission, as text."""
        from pipeline import paths
        from pipeline.leaderboard import history

        return history.read(self.root / paths.LEADERBOARD)


def absolute(path: str | Path) -> Path:
    """The path from the file system's root; ~ is the home folder."""
    return Path(path).expanduser().absolute()
