"""What the log says about a score card."""

from typing import Any

from pipeline.params import Format
from pipeline.steps.score import encounters, formats, score, seasons


def describe(ensemble: str, form: Format, card: dict[str, Any]) -> list[str]:
    """The lines of the log."""
    return [
        score.describe(ensemble, card),
        *formats.describe(ensemble, form, card),
        *encounters.describe(ensemble, card),
        *seasons.describe(ensemble, card),
    ]
