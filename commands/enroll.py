"""`tailprint enroll`."""

from typing import Annotated

import typer

from commands.options import Photograph

EXAMPLES = ["tailprint enroll A.jpg w_newcomer"]


def main(
    photograph: Photograph,
    identity: Annotated[str, typer.Argument(help="The individual's name, without spaces.")],
) -> None:
    """Add an individual by one photograph, without training.

    The next `tailprint identify` compares with it. data/enrolled keeps a copy of the photograph and
    what was extracted from it, which is extracted again if members or settings change. Delete both
    files to remove the photograph again. An individual with many photographs is better added to the
    competition: `tailprint run` then trains on them too.
    """
    from commands.changed_settings import COMPARED, check_settings
    from pipeline import params
    from pipeline.identify.enrolment import enroll

    p = params.load()
    check_settings(COMPARED, p)
    file = enroll(photograph, identity, p)
    print(f"{photograph}: enrolled as {identity} ({file})")
