"""Name the animals on new photographs by a catalogue of known ones."""

import logging
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
from pipeline.naming.animals import Animals
from pipeline.naming.answers import COPY, Answer
from pipeline.naming.blending import Blended
from pipeline.naming.catalogue import Source
from pipeline.naming.compared import tabulate_compared
from pipeline.naming.gallery import Known, build_known
from pipeline.naming.learning import Learned, learn, learn_best
from pipeline.naming.method import FROZEN
from pipeline.naming.photographs import Described, Photographs, describe
from pipeline.naming.queries import build_new_query
from pipeline.naming.settings import Options, build_settings
from pipeline.naming.workspace import Workspace
from pipeline.params import Params
from pipeline.steps.verify.pairs import compute_similarities
from pipeline.system.errors import Faults, UserError

logger = logging.getLogger(__name__)

ANSWERS, REPORT, SKIPPED = named_folder.ANSWERS, "report.html", "skipped.csv"


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
    listed, new_files = source.read(), catalogue.list_new(new)
    catalogue.check_apart(source, listed["name"], new)
    workspace = Workspace(out, p)
    workspace.open()
    files = {list_name(file, new): file for file in new_files}
    seen = animals.find_new(files, options.detections, workspace)
    listed, chosen = animals.cut_catalogue(listed, source.folder, options.detections, workspace)
    found = describe([*listed["path"], *(one.path for one in seen.found)], workspace, p)
    check_bad(found, out, options)
    known = build_known(listed, source.folder, found)
    readable = {one.name: one for one in seen.found if one.path in found.digests}
    if not readable:
        raise UserError(describe_nothing(new, seen))
    digests = {name: found.digests[one.path] for name, one in readable.items()}
    answered = answer(digests, known, found, workspace, p, options.train)
    by_file = {name: answered.by_digest[digest] for name, digest in digests.items()}
    notes = {name: one.note for name, one in readable.items() if one.note}
    copies = write_notes(digests, by_file, known)
    notes |= {name: "; ".join(filter(None, [notes.get(name), copies[name]])) for name in copies}
    table = answers.tabulate(by_file, known, notes)
    table = animals.add_places(table, readable, seen.empty)
    photographs = len({one.photograph for one in readable.values()})
    sentences = describe_trust(answered, known, photographs, options)
    sentences += [*chosen, *animals.describe_places(list(readable.values()), seen.empty)]
    empty_files = {name: files[name] for name in seen.empty}
    compared = tabulate_compared(
        listed, source.folder, readable.values(), empty_files, found.digests
    )
    named_folder.write_compared(compared, out)
    numbers = encounters.number_encounters(compared, options.dates, p.encounters)
    log_odds = answered.blended.log_odds if answered.blended else blending.NO_LOG_ODDS
    taken = encounters.answer_encounters(numbers, readable, digests, log_odds, known.names)
    table = encounters.add_columns(table, taken)
    sentences += encounters.describe(taken, p.encounters)
    together = {
        name: encounters.describe_answer(taken.answers[numbers[one.photograph]])
        for name, one in readable.items()
        if numbers.get(one.photograph) in taken.answers
    }
    write_answers(table, answered.blended, out)
    bad = {str(file): fault for file, fault in found.bad.items()}
    pictures = answered.described, answered.points
    content = report.Content(by_file, digests, *pictures, known, sentences, bad, together)
    html = report.render(content)
    tables.replace(out / REPORT, lambda part: part.write_text(html, encoding="utf-8"))
    if options.sort:
        originals = {name: one.file for name, one in readable.items()}
        sorting.sort_photographs(by_file, originals, out, workspace.folder / "sorted.json")
    return Named(table, sentences)


def describe_nothing(new: Path, seen: Animals) -> str:
    """Why no photograph can be compared."""
    if seen.found:
        return f"none of the photographs in {new} can be read"
    first, reason = next(iter(seen.empty.items()))
    return f"there is no animal on the photographs in {new}: on {first} {reason} (--threshold)"


def list_name(file: Path, new: Path) -> str:
    """A new photograph as it is listed: its path in the folder."""
    return file.name if file == new else file.relative_to(new).as_posix()


def check_bad(found: Photographs, out: Path, options: Options) -> None:
    """Raise UserError with the photographs that can't be read, or list them in a file."""
    if not found.bad:
        (out / SKIPPED).unlink(missing_ok=True)
        return
    if not options.skip_bad:
        title = "photographs that can't be read (--skip-bad goes on without them)"
        raise Faults(title, list(found.bad.values()))
    table = pd.DataFrame({"path": map(str, found.bad), "reason": found.bad.values()})
    tables.write_csv(spreadsheet.defuse(table), out / SKIPPED)
    logger.warning("photographs that can't be read: %d, listed in %s", len(table), out / SKIPPED)


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


def answer(
    digests: Mapping[str, str],
    known: Known,
    found: Photographs,
    workspace: Workspace,
    p: Params,
    train: bool,
) -> Answered:
    """Answer the new photographs, whose digests are given by name."""
    copies = {digest for digest in digests.values() if digest in set(known.digests.values())}
    by_digest = {digest: answers.answer_copy(digest, known) for digest in copies}
    fresh = sorted(set(digests.values()) - copies)
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
    number_unknown(by_digest, list(dict.fromkeys(digests.values())), learned)
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


def describe_trust(
    answered: Answered, known: Known, photographs: int, options: Options
) -> list[str]:
    """Sentences on what the answers rest on."""
    individuals = len(known.names)
    lines = [
        f"New photographs: {photographs}, compared with {len(known.rows)} photographs of "
        f"{individuals} known individuals. Before the comparison a photograph was taken to show "
        f"none of them with a probability of {options.prior:.0%} (--prior)."
    ]
    blended = answered.blended
    if blended is None:
        return [*lines, "All of them are in the catalogue already."]
    lines += [answered.training] if answered.training else []
    lines.append(blending.SENTENCES[blended.state])
    if (q := blended.quality) is not None:
        lines.append(
            f"Measured on the catalogue: of {q.known} photographs, each compared with the others, "
            f"the first name is right for {q.top1:.0%}, one of the "
            f"first five for {q.top5:.0%}, and {q.known_called_new:.0%} are answered new with 50% "
            f"or more; so are {q.called_new:.0%} of {q.new} that were compared with all but those "
            f"of their own individual, as a new animal would be. The "
            f"probability of the first answer is off by {q.calibration_error:.0%} on average. "
            "Photographs of one series make this look better than it is for a new day."
        )
    return lines


def write_answers(table: pd.DataFrame, blended: Blended | None, out: Path) -> None:
    """Write answers.csv; the column `calibration` says how far the probabilities hold."""
    state = blended.state if blended else blending.CALIBRATED
    tables.write_csv(spreadsheet.defuse(table.assign(calibration=state)), out / ANSWERS)
