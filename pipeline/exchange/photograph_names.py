"""Which entry of another program's file is about which photograph here.

The file may have been written on another machine, with absolute paths and backslashes, and from a
folder above the one that is read here.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.data.path_parts import Parts, count_shared, split_path
from pipeline.system.errors import Faults, UserError

logger = logging.getLogger(__name__)


def match_names(
    source: str,
    names: Iterable[str],
    files: Mapping[str, Path],
    without: str = "these are compared as a whole",
    by_tail: bool = False,
) -> dict[str, str]:
    """The entry of each photograph, of those that have one.

    source : the file's name, for messages
    names : of its entries
    files : by the path from the folder that is read, as in `cam1/a.jpg`
    without : what happens to photographs without an entry
    by_tail : an entry that names fewer folders (`a.jpg`) is about a photograph, too, if there is no
        other photograph that it may be about, and no other entry that ends alike

    An entry is about a photograph if it ends like that path. Of several (`2023/cam1/a.jpg`,
    `2024/cam1/a.jpg`) the one that agrees with the photograph's whole path for longer is it. Raises
    UserError if that leaves several, or if no photograph has an entry.
    """
    by_last: dict[str, list[tuple[Parts, str]]] = defaultdict(list)
    for name in names:
        parts = split_path(name)
        by_last[parts[-1] if parts else ""].append((parts, name))
    found: dict[str, str] = {}
    faults = []
    for listed, file in files.items():
        end, whole = split_path(listed), split_path(file.absolute().as_posix())
        same = [(parts, name) for parts, name in by_last[end[-1]] if parts[-len(end) :] == end]
        longest = max((count_shared(parts, whole) for parts, _ in same), default=0)
        best = [name for parts, name in same if count_shared(parts, whole) == longest]
        if len(best) > 1:
            faults.append(f"{listed} may be {best[0]} or {best[1]}: name the folder above")
        elif best:
            found[listed] = best[0]
    if faults:
        raise Faults(source, faults)
    if by_tail:
        found |= match_tails(by_last, files, found)
    if files and not found:
        first = next((name for some in by_last.values() for _, name in some), "nothing")
        raise UserError(
            f"{source} lists none of the photographs: it has {first}, and here is "
            f"{next(iter(files))}: is it about another folder?"
        )
    log_missing(source, [listed for listed in files if listed not in found], without)
    return found


def match_tails(
    by_last: Mapping[str, list[tuple[Parts, str]]],
    files: Mapping[str, Path],
    found: Mapping[str, str],
) -> dict[str, str]:
    """The entries with which just one photograph ends that has none yet, by photograph.

    by_last : entries by the last part of their path; found : the entries that are matched
    """
    claims: dict[str, list[str]] = defaultdict(list)
    used = set(found.values())
    for listed in files:
        if listed not in found:
            end = split_path(listed)
            entries = [(parts, name) for parts, name in by_last[end[-1]] if name not in used]
            inside = [(len(parts), name) for parts, name in entries if end[-len(parts) :] == parts]
            longest = [name for count, name in inside if count == max(inside)[0]]
            if len(longest) == 1:
                claims[longest[0]].append(listed)
    return {listed[0]: name for name, listed in claims.items() if len(listed) == 1}


def log_missing(source: str, missing: list[str], without: str) -> None:
    """Say how many photographs have no entry, and what happens to them."""
    if missing:
        logger.warning(
            "%s does not list %d of the photographs (%s): %s",
            *(source, len(missing), ", ".join(missing[:3]), without),
        )
