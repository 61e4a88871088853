"""A catalogue to be printed: one page per individual, with all its photographs."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import pandas as pd

from pipeline.data import exif
from pipeline.exchange.named_folder import CATALOGUE, NEW, Answer, NamedFolder, find_missing
from pipeline.naming.photographs import KIND
from pipeline.naming.workspace import FOLDER, load_result, place_result
from pipeline.system.errors import UserError
from pipeline.system.files import replace
from pipeline.system.threads import map_in_threads

logger = logging.getLogger(__name__)

UNKNOWN = "Unknown individual {}"


@dataclass(frozen=True)
class Sighting:
    """A photograph of an individual.

    photograph : as it is listed; digest : of what is shown; taken : the date, "" if it is not known
    note : how far the name can be trusted, "" in the catalogue
    """

    photograph: str
    digest: str
    taken: str
    note: str = ""


def export(named: NamedFolder, out: Path) -> str:
    """Write the page, with small copies of the photographs inside; returns a sentence about it.

    Individuals of the catalogue come first, by name, with the new photographs that were named
    after them; then groups of unknown individuals. Raises UserError if a small copy is missing.
    """
    individuals = collect(named)
    html = render(individuals, named.folder)
    replace(out, partial(Path.write_text, data=html, encoding="utf-8"))
    photographs = sum(map(len, individuals.values()))
    return f"{len(individuals)} individuals, {photographs} photographs: print it from a browser"


def collect(named: NamedFolder) -> dict[str, list[Sighting]]:
    """The sightings of each individual, oldest first; those without a date by their files."""
    table = named.compared
    dates = read_dates(table)
    known = table[table["role"] == CATALOGUE].sort_values("individual", kind="stable")
    individuals: dict[str, list[Sighting]] = {}
    for row in known.to_dict("records"):
        sighting = Sighting(row["photograph"], row["digest"], dates[row["file"]])
        individuals.setdefault(row["individual"], []).append(sighting)
    new = table[table["role"] == NEW].set_index(["photograph", "animal"])
    for answer in sorted(named.with_animals, key=order_of):
        if name := name_group(answer):
            place = answer.photograph, answer.animal
            digest, file = str(new.loc[place, "digest"]), str(new.loc[place, "file"])
            note = describe(answer)
            sighting = Sighting(answer.photograph, digest, dates[file], note)
            individuals.setdefault(name, []).append(sighting)
    return {
        name: sorted(some, key=lambda one: (one.taken == "", one.taken, one.photograph))
        for name, some in individuals.items()
    }


def order_of(answer: Answer) -> int:
    """Names first, then groups of unknown individuals by number."""
    return 0 if answer.named else int(answer.group or 0)


def describe(answer: Answer) -> str:
    """Which animal of a new photograph it is, and how probable its name is, or that it is new."""
    which = "" if answer.animal in ("", "1 of 1") else f", animal {answer.animal}"
    reason = "" if answer.named else "of none of the known individuals "
    return f"new photograph{which}, {reason}{answer.probability:.0%}"


def name_group(answer: Answer) -> str:
    """The individual of an answer; "" if it is unsure or of no group."""
    return answer.name or (UNKNOWN.format(answer.group) if answer.group else "")


def read_dates(table: pd.DataFrame) -> dict[str, str]:
    """The date of each file, by its EXIF; "" of one that is not where it was, with a warning."""
    listed = table["file"].unique().tolist()
    if missing := find_missing(map(Path, listed)):
        logger.warning(
            "%d photographs have no date, since they are not there any more (%s): repeat the "
            "command tailprint name with the folder where they are now",
            *(len(missing), missing[0]),
        )
    taken = map_in_threads(exif.read_occasion, listed, "dates")
    texts = [f"{one['date']} {one['time'][:5]}".strip() for one in taken]
    return dict(zip(listed, texts, strict=True))


def render(individuals: dict[str, list[Sighting]], folder: Path) -> str:
    """The HTML; names and files are shown as text."""
    links = [
        f'<a href="#i{n}">{escape(name)} ({len(some)})</a>'
        for n, (name, some) in enumerate(individuals.items())
    ]
    sections = [
        show_individual(f"i{n}", name, some, folder)
        for n, (name, some) in enumerate(individuals.items())
    ]
    photographs = sum(map(len, individuals.values()))
    template = Template((files("pipeline.naming") / "catalogue.html").read_text())
    return template.substitute(
        summary=f"{len(individuals)} individuals on {photographs} photographs, one page each.",
        contents="".join(links),
        sections="\n".join(sections),
    )


def show_individual(anchor: str, name: str, sightings: Sequence[Sighting], folder: Path) -> str:
    """The page of an individual."""
    facts = {"Photographs": str(len(sightings))}
    if dated := [one for one in sightings if one.taken]:
        for word, one in (("First", dated[0]), ("Last", dated[-1])):
            facts[word] = f"{one.taken} {one.photograph}"
    rows = "".join(f"<dt>{word}</dt><dd>{escape(fact)}</dd>" for word, fact in facts.items())
    figures = "".join(show(sighting, folder) for sighting in sightings)
    return f'<section id="{anchor}"><h2>{escape(name)}</h2><dl>{rows}</dl>{figures}</section>'


def show(sighting: Sighting, folder: Path) -> str:
    """A photograph with its file, its date and how far the name can be trusted."""
    stored = load_result(place_result(folder / FOLDER, KIND, sighting.digest))
    if stored is None:
        raise UserError(
            f"{folder} lacks the small copy of {sighting.photograph}: repeat the command tailprint "
            "name"
        )
    source = f"data:image/webp;base64,{stored['thumbnail']}"
    facts = [sighting.photograph, sighting.taken, sighting.note]
    caption = escape(", ".join(filter(None, facts)))
    return f'<figure><img src="{source}" alt=""><figcaption>{caption}</figcaption></figure>'
