"""`tailprint check`."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from commands.integrity import Integrity, Recorded

EXAMPLES = ["tailprint check", "tailprint check --remove"]
NAMED = 20  # damaged files that are named; the rest is counted


def main(
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove what is damaged, so that it is made again.")
    ] = False,
) -> None:
    """Hash every file of the run again, and name the damaged ones.

    DVC does not read a file again whose size and time are as before, nor its own read-only copies:
    a bad disk, a bad memory or a program that wrote into them goes unseen. All outputs that
    dvc.lock records, DVC's copies and the photographs are hashed, at the speed of the disk. The
    exit code is 1 if one is damaged. With --remove, damaged outputs and copies are removed, and the
    next `tailprint run` makes them again; photographs are only named.
    """
    from functools import partial

    from tqdm import tqdm

    from commands.integrity import check_integrity, remove_damaged

    found = check_integrity(partial(tqdm, desc="hash", unit="file", disable=None))
    print(describe(found))
    if remove and found.damaged:
        print(f"removed {remove_damaged(found.damaged)} files: tailprint run makes them again")
    elif found.damaged:
        raise typer.Exit(1)


def describe(found: "Integrity") -> str:
    """What was found, and the way out."""
    lines = [f"{len(found.whole)} files are as they were written, {len(found.damaged)} are not"]
    lines += [f"  {describe_file(one)}" for one in found.damaged[:NAMED]]
    lines += ["  ..."] * (len(found.damaged) > NAMED)
    makers = sorted({one.maker for one in found.damaged if one.algorithm == "md5"})
    if makers:
        lines.append(
            "tailprint check --remove, then tailprint run, makes the outputs again. Stages that "
            "have run since may have read the damage: "
            f"dvc repro --force --downstream {' '.join(makers)} repeats them"
        )
    outputs = {one.path for one in found.missing if not one.in_cache}
    if outputs:
        lines.append(f"{len(outputs)} files are not there: tailprint run makes or restores them")
    return "\n".join(lines)


def describe_file(one: "Recorded") -> str:
    """A damaged file, by what it is."""
    if one.algorithm == "sha256":
        return f"{one.path}: a photograph that has changed since; restore it from your own copy"
    kind = "DVC's copy of an output" if one.in_cache else "an output"
    return f"{one.path}: {kind} of {one.maker}"
