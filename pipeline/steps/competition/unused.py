"""The files of a competition's folder that are not used, and why."""

import os
from collections.abc import Iterator, Set
from pathlib import Path

from pipeline.data import photograph_files
from pipeline.data.photograph_files import UNLISTED, LeftOut
from pipeline.steps.competition.listing import Listing

HIDDEN = {"truth", "solution.csv"}  # the answers: the leaderboard reads them, no stage does

# photographs that a run could go on without, by what is wrong with them
Bad = dict[str, LeftOut]


def find_unused(path: Path, listing: Listing) -> list[LeftOut]:
    """The files below a competition's folder that are neither listed nor read; logs them by kind.

    Raises OSError for a folder that may not be read.
    """
    listed = {Path(name) for name in listing.photographs["path"]}
    used = listed | listing.reads  # a folder that is read has no unused files
    unused = [entry for entry in _walk(path, used) if path / entry.path not in used]
    photograph_files.log_left_out(str(path), unused)
    return unused


def find_unlisted(path: Path, listing: Listing, unused: list[LeftOut]) -> Bad:
    """The unused photographs in folders of which every photograph has to be in a table."""
    return {
        f"{photograph_files.printable(entry.path)}: not in {table}": entry
        for entry in unused
        if entry.kind == UNLISTED
        and (table := listing.complete.get((path / entry.path).parent)) is not None
    }


def _walk(path: Path, used: Set[Path]) -> Iterator[LeftOut]:
    """Every file below `path`; only the folders of listed photographs may be links."""
    places = [file.relative_to(path).parts for file in used if file.is_relative_to(path)]
    holding = {parts[0] for parts in places if parts}
    for name in sorted(set(os.listdir(path)) - HIDDEN):
        entry = path / name
        if entry in used:
            continue
        kind = photograph_files.find_kind(entry)
        if kind == photograph_files.FOLDER or (name in holding and entry.is_dir()):
            listing = photograph_files.list_tree(entry)
            photographs = [LeftOut(found, UNLISTED) for found in listing.photographs]
            for inner in (*listing.left_out, *photographs):
                yield LeftOut(name / inner.path, inner.kind)
        else:
            yield LeftOut(Path(name), kind or UNLISTED)
