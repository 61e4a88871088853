"""Name the animals on new photographs by a catalogue of known ones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from pipeline.data import spreadsheet, tables
from pipeline.exchange import named_folder
from pipeline.naming import (
    animals,
    answers,
    blending,
    catalogue,
    encounters,
    report,
    sorting,
    unknown,
)
from pipeline.naming.answers import COPY, Answer
from pipeline.naming.blending import Blended
from pipeline.naming.catalogue import Source
from pipeline.naming.encounters import Occasions
from pipeline.naming.gallery import Known
from pipeline.naming.inputs import Inputs, read_inputs
from pipeline.naming.learning import Learned, learn, learn_best
from pipeline.naming.method import FROZEN
from pipeline.naming.photographs import Described
from pipeline.naming.queries import build_new_query
from pipeline.naming.settings import Options, build_settings
from pipeline.naming.workspace import Workspace
from pipeline.params import Params
from pipeline.steps.verify.pairs import compute_similarities

ANSWERS, REPORT = named_folder.ANSWERS, "report.html"


@dataclass(frozen=True)
class Named:
    """The answers to new photographs.

    table : as in answers.csv; sentences : how far to trust it
    """

    table: pd.DataFrame
    sentences: list[str]


def name_photographs(source: Source, new: Path, out: Path, options: Options) -> Named:
    """Name the animals on the photographs in `new`, and write the answers into the folder `out`.

    What is finished is kept there: the next run goes on from it, and compares only what has been
    added. Raises UserError; with photographs that can't be read, unless `options.skip_bad`.
    """
    catalogue.check_out(out, source.location, new)
    p = build_settings(options)
    workspace = Workspace(out, p)
    given = read_inputs(source, new, out, workspace, p, options)
    answered = answer(given, workspace, p, options.train)
    compared = given.tabulate(source.folder)
    named_folder.write_compared(compared, out)
    numbers = encounters.number_encounters(compared, options.dates, p.encounters)
    together = encounters.answer_encounters(
        numbers, given.readable, given.digests, answered.log_odds, given.known.names
    )
    sentences = [
        *describe_trust(answered, given, options),
        *given.cut_out,
        *animals.describe_places(list(given.readable.values()), given.seen.empty),
        *encounters.describe(together, p.encounters),
    ]
    by_name = {name: answered.by_digest[digest] for name, digest in given.digests.items()}
    table = encounters.add_columns(tabulate(given, by_name), together)
    write_answers(table, answered.blended, out)
    write_report(given, answered, by_name, together, sentences, out / REPORT)
    if options.sort:
        originals = {name: one.file for name, one in given.readable.items()}
        sorting.sort_photographs(by_name, originals, out, workspace.folder / "sorted.json")
    return Named(table, sentences)


def tabulate(given: Inputs, by_name: Mapping[str, Answer]) -> pd.DataFrame:
    """The answers as in answers.csv, but for encounters and `calibration`."""
    notes = {name: one.note for name, one in given.readable.items() if one.note}
    copies = write_notes(given.digests, by_name, given.known)
    notes |= {name: "; ".join(filter(None, [notes.get(name), copies[name]])) for name in copies}
    table = answers.tabulate(by_name, given.known, notes)
    return animals.add_places(table, given.readable, given.seen.empty)


@dataclass(frozen=True)
class Answered:
    """The answers to the new photographs, by digest, and what they rest on.

    blended : None if the catalogue has all of them; described : photographs by digest
    points : matched points of pairs; training : what came of it, "" without any
    """

    by_digest: dict[str, Answer]
    blended: Blended | None
    described: Mapping[str, Described]
    points: pd.DataFrame
    training: str = ""

    @property
    def log_odds(self) -> pd.DataFrame:
        """Columns query (a digest), fold, identity, log_odds."""
        return self.blended.log_odds if self.blended else blending.NO_LOG_ODDS


def answer(given: Inputs, workspace: Workspace, p: Params, train: bool) -> Answered:
    """Answer the new photographs; train : learn from the catalogue first."""
    known, found = given.known, given.found
    digests = list(dict.fromkeys(given.digests.values()))
    copies = set(digests) & set(known.digests.values())
    by_digest = {digest: answers.answer_copy(digest, known) for digest in copies}
    fresh = sorted(set(digests) - copies)
    if not fresh:
        return Answered(by_digest, None, found.described, pd.DataFrame(columns=["query", "image"]))
    task = (known, fresh, found, workspace, p)
    learned, training = learn_best(*task) if train else (learn(FROZEN, *task), "")
    comparer = learned.comparer
    new = comparer.compare([build_new_query(digest) for digest in fresh], "comparing")
    blended = blending.blend(learned.own, learned.weigh(new), p)
    embeddings = comparer.collected.embeddings.everything
    supports = answers.find_supports(new.pairs, compute_similarities(new.pairs, embeddings))
    by_digest |= answers.answer_all(blended.posteriors, supports, known)
    number_unknown(by_digest, digests, learned)
    return Answered(by_digest, blended, learned.described, new.points, training)


def number_unknown(by_digest: dict[str, Answer], order: list[str], learned: Learned) -> None:
    """Group the photographs of unknown individuals, in this order, and number the groups."""
    model = unknown.fit_pair_model(learned.known, learned.comparer)
    unseen = [digest for digest in order if by_digest[digest].likelier_new]
    for digest, number in unknown.group(unseen, model, learned.comparer).items():
        by_digest[digest] = replace(by_digest[digest], group=number)


def write_notes(
    digests: Mapping[str, str], by_file: Mapping[str, Answer], known: Known
) -> dict[str, str]:
    """What is to be known of single photographs: copies of others."""
    notes: dict[str, str] = {}
    first: dict[str, str] = {}
    for name, digest in digests.items():
        if by_file[name].result == COPY:
            several = " under several names" if len(known.images_of(digest)) > 1 else ""
            notes[name] = f"the catalogue has the same file{several}"
        elif digest in first:
            notes[name] = f"the same file as {first[digest]}"
        first.setdefault(digest, name)
    return notes


def describe_trust(answered: Answered, given: Inputs, options: Options) -> list[str]:
    """Sentences on what the answers rest on."""
    photographs, known = given.count_photographs(), given.known
    individuals = len(known.names)
    lines = [
        f"New photographs: {photographs}, compared with {len(known.rows)} photographs of "
        f"{individuals} known individuals. The assumed probability that a new photograph shows "
        f"none of them is {options.prior:.0%} (--prior)."
    ]
    blended = answered.blended
    if blended is None:
        return [*lines, "All of them are in the catalogue already."]
    lines += [answered.training] if answered.training else []
    lines.append(blending.SENTENCES[blended.state])
    if (q := blended.quality) is not None:
        lines.append(
            f"Measured on the catalogue ({q.known} photographs, each compared with all others): "
            f"the first name is right for {q.top1:.0%}, one of the first five for {q.top5:.0%}, "
            f"and {q.known_called_new:.0%} are wrongly answered new (probability 50% or more). "
            f"Of {q.new} photographs compared without those of their own individual, as a new "
            f"animal would be, {q.called_new:.0%} are answered new. The calibration error of the "
            f"first answer is {q.calibration_error:.0%}. Photographs of one encounter make these "
            "figures too good for a new day."
        )
    return lines


def write_answers(table: pd.DataFrame, blended: Blended | None, out: Path) -> None:
    """Write answers.csv; the column `calibration` says how far the probabilities hold."""
    state = blended.state if blended else blending.CALIBRATED
    tables.write_csv(spreadsheet.defuse(table.assign(calibration=state)), out / ANSWERS)


# what the page has is several things
def write_report(  # noqa: PLR0913
    given: Inputs,
    answered: Answered,
    by_name: Mapping[str, Answer],
    together: Occasions,
    sentences: list[str],
    path: Path,
) -> None:
    """Write the report.

    by_name : the answers by the animals' names; together : those of encounters
    """
    numbers = {name: together.numbers.get(one.photograph) for name, one in given.readable.items()}
    encountered = {
        name: encounters.describe_answer(together.answers[number])
        for name, number in numbers.items()
        if number in together.answers
    }
    bad = {str(file): fault for file, fault in given.found.bad.items()}
    pictures = answered.described, answered.points
    content = report.Content(
        by_name, given.digests, *pictures, given.known, sentences, bad, encountered
    )
    html = report.render(content)
    tables.replace(path, lambda part: part.write_text(html, encoding="utf-8"))
