"""What can be wrong with the raw input, said all at once."""

SHOWN = 50


class Faults(ValueError):
    """Every fault that was found, a line each; a fault names its file, its row and the value.

    A row is the line of the file as an editor counts it: the header is row 1.
    """

    def __init__(self, source: object, found: list[str]):
        self.found = found
        lines = [f"{source}: {len(found)} fault{'s' if len(found) > 1 else ''}"]
        lines += [f"  {fault}" for fault in found[:SHOWN]]
        if len(found) > SHOWN:
            lines.append(f"  ... and {len(found) - SHOWN} more")
        super().__init__("\n".join(lines))
