"""Which file may be meant by a name that no file has: case, accents and endings differ easily."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from pipeline.data.identity_names import JOINERS
from pipeline.data.photograph_files import printable


class SimilarNames:
    """Finds names of a folder's entries that differ from another name in such ways."""

    def __init__(self, names: Iterable[str]) -> None:
        entries = sorted(names)
        self.names = {_normalise(Path(name).stem): name for name in reversed(entries)}
        self.names |= {_normalise(name): name for name in reversed(entries)}

    def describe(self, name: str) -> str:
        """The end of a message that `name` does not exist: the entry that may be meant, or ""."""
        for form in (name, Path(name).stem):
            if found := self.names.get(_normalise(form)):
                return f", but {printable(found)} does{_explain(name, found)}"
        return ""


def find_variants(name: str, known: Iterable[str]) -> list[str]:
    """The known names that differ from another one in case or in invisible ways only."""
    own = _fold(name)
    return sorted(other for other in known if other != name and _fold(other) == own)


def _fold(name: str) -> str:
    """A name without what readers do not see: case, joiners, and how letters are composed."""
    return _normalise(name.translate(dict.fromkeys(map(ord, JOINERS))))


def _normalise(name: str) -> str:
    """Composed letters, without case."""
    return unicodedata.normalize("NFC", name).casefold()


def _explain(name: str, found: str) -> str:
    same = name != found and unicodedata.normalize("NFC", name) == unicodedata.normalize(
        "NFC", found
    )
    return ", with its accents in another Unicode normal form" if same else ""
