"""The error that lists everything that is wrong with the raw input."""

from pipeline.system.errors import UserError

MAX_LINES = 50


class Faults(UserError):
    """All faults of the input, one line each; a fault names its file, its row and the value.

    A row is the line of the file as an editor counts it: the header is row 1.
    """

    def __init__(self, source: object, faults: list[str]) -> None:
        self.faults = faults
        lines = [f"{source}: {len(faults)} fault{'s' if len(faults) > 1 else ''}"]
        lines += [f"  {fault}" for fault in faults[:MAX_LINES]]
        if len(faults) > MAX_LINES:
            lines.append(f"  ... and {len(faults) - MAX_LINES} more")
        super().__init__("\n".join(lines))
