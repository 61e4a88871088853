"""The answers of a finished run as a folder like that of `tailprint name`.

What other programs' formats are written from is then the same: names with probabilities, and which
file each is about. Decisions of reviewers come before what the ensemble says.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, competition_directory, spreadsheet, tables
from pipeline.data.competition_directory import ORIGIN
from pipeline.data.members import load_vectors
from pipeline.data.pseudo_table import read_pseudo_labels
from pipeline.data.tables import NEW_WHALE, is_pseudo
from pipeline.exchange import named_folder
from pipeline.exchange.named_folder import CATALOGUE, NEW
from pipeline.identify.ensembles import check_ensembles
from pipeline.identify.unknown_individuals import cluster_unknown
from pipeline.naming import answers
from pipeline.naming.answers import Answer
from pipeline.naming.blending import CALIBRATED
from pipeline.naming.decided import Decided, apply_decisions, decide_all
from pipeline.naming.encounters import add_columns
from pipeline.naming.gallery import Known
from pipeline.naming.photographs import KIND, THUMBNAIL
from pipeline.naming.run_encounters import load_encounters
from pipeline.naming.workspace import FOLDER, save_result
from pipeline.params import Params
from pipeline.steps.labels import labels, record
from pipeline.steps.report.photographs import encode_file
from pipeline.system.errors import UserError, require_files
from pipeline.system.threads import map_in_threads

logger = logging.getLogger(__name__)

DECIDED = "decided by a reviewer"


@dataclass(frozen=True)
class RunPhotographs:
    """The photographs of a run, by their names in it.

    known : those with an individual, after all decisions; test : those without a label in the
        competition, of which reviewers may have named some
    table : Image, path (the file that was copied into the competition) and ORIGIN
    digest : of what was compared; copied : the file of it
    """

    known: dict[str, str]
    test: list[str]
    table: pd.DataFrame
    digest: dict[str, str]
    copied: dict[str, str]

    @property
    def catalogue(self) -> dict[str, str]:
        """Those of `known` that are not of the test."""
        test = set(self.test)
        return {image: name for image, name in self.known.items() if image not in test}


def write_answers(ensemble: str, out: Path, p: Params) -> pd.DataFrame:
    """Write the answers of an ensemble into the folder `out`; returns the table of answers.csv.

    Raises UserError for an ensemble that has not run, and a folder of other files.
    """
    check_ensembles([ensemble], p)
    require_files([paths.posteriors(ensemble), paths.LABELS, paths.matched_pairs(paths.TEST)])
    check_out(out)
    photographs = load_photographs(p)
    decided = load_decided(photographs)
    known = build_known(photographs)
    now = find_names(photographs.known)
    by_image = answer_all(ensemble, photographs, decided, known, now)
    number_unknown(by_image, ensemble, p)
    final = {image for image, one in decided.items() if one.is_final}
    taken = load_encounters(ensemble, photographs.test, final, now)
    table = answers.tabulate(by_image, known, dict.fromkeys(final, DECIDED))
    table = add_columns(table, taken)
    table = table.assign(**photographs.table.loc[list(by_image), ORIGIN].reset_index(drop=True))
    named_folder.write_compared(tabulate_compared(photographs), out)
    store(photographs, ensemble, out, p)
    written = spreadsheet.defuse(table.assign(calibration=CALIBRATED))
    tables.write_csv(written, out / named_folder.ANSWERS)
    return table


def check_out(out: Path) -> None:
    """Raise UserError if the folder has other files, or the answers of `tailprint name`."""
    if (out / FOLDER / "settings.json").exists():
        raise UserError(f"{out} has the answers of tailprint name: name another folder with -o")
    if out.exists() and not (out / named_folder.ANSWERS).is_file() and any(out.iterdir()):
        raise UserError(f"{out} has other files: name a new or empty folder with -o")


def load_photographs(p: Params) -> RunPhotographs:
    """The photographs of the last run, with the names that all decisions give them now."""
    images, groups = artefacts.load_images(), artefacts.load_groups()
    resolved = labels.resolve_labels(
        images,
        groups,
        p.labels.conflicts,
        record.read_decisions(paths.REVIEW),
        read_pseudo_labels(paths.PSEUDO),
    )
    resolved = resolved[~is_pseudo(resolved) & (resolved["identity"] != NEW_WHALE)]
    table = competition_directory.read_names(Path(p.competition.path))
    if table is None:
        files = [str(Path(path).absolute()) for path in images["path"]]
        table = pd.DataFrame({"Image": images["image"], "path": files})
        table = table.reindex(columns=["Image", "path", *ORIGIN], fill_value="")
    listed = table["photograph"].where(table["photograph"] != "", table["Image"])
    return RunPhotographs(
        dict(zip(resolved["image"], resolved["identity"], strict=True)),
        images.loc[images["split"] == "test", "image"].tolist(),
        table.assign(photograph=listed).set_index("Image"),
        dict(zip(images["image"], images["sha256"], strict=True)),
        dict(zip(images["image"], images["path"], strict=True)),
    )


def load_decided(photographs: RunPhotographs) -> dict[str, Decided]:
    """What reviewers have decided about the photographs of the test."""
    decisions = record.read_decisions(paths.REVIEW)
    decided = decide_all(decisions, artefacts.load_images(), photographs.catalogue)
    known = photographs.known
    return decided | {image: Decided(known[image]) for image in photographs.test if image in known}


def build_known(photographs: RunPhotographs) -> Known:
    """The labelled photographs as `tailprint name` has its catalogue."""
    images = list(photographs.known)
    rows = pd.DataFrame({"image": images, "identity": list(photographs.known.values())})
    # decisions may have taken all photographs of an individual: its name is known nevertheless
    of_run = artefacts.load_labels()["identity"]
    names = {str(name): str(name) for name in [*of_run, *photographs.known.values()]}
    files = {image: str(photographs.table.loc[image, "photograph"]) for image in images}
    return Known(rows, names, files, {image: photographs.digest[image] for image in images})


def answer_all(
    ensemble: str,
    photographs: RunPhotographs,
    decided: Mapping[str, Decided],
    known: Known,
    now: Mapping[str, str],
) -> dict[str, Answer]:
    """The answers to the test's photographs: of reviewers, else of the ensemble.

    now : of `find_names`
    """
    table = tables.read_parquet(paths.posteriors(ensemble))
    table = table[table["query"].isin(photographs.test)]
    table = table.assign(identity=table["identity"].replace(dict(now)))
    joined = table.groupby(["query", "identity"])["posterior"].sum().reset_index()
    table = apply_decisions(joined, decided)
    pairs = tables.read_parquet(paths.matched_pairs(paths.TEST))
    pairs = pairs[pairs["image"].isin(list(photographs.known))]
    pairs = pairs.assign(identity=pairs["image"].map(photographs.known))
    supports = answers.find_supports(pairs, np.zeros(len(pairs)))
    found = answers.answer_all(table, supports, known)
    duplicates = artefacts.load_duplicates()
    for image, other in duplicates[["image", "duplicate_of"]].itertuples(index=False):
        one, name = decided.get(image, Decided()), photographs.known.get(other)
        if image in found and name and not one.is_final and name not in one.others:
            found[image] = answers.answer_copy(photographs.digest[other], known)
    return {image: found[image] for image in photographs.test if image in found}


def number_unknown(by_image: dict[str, Answer], ensemble: str, p: Params) -> None:
    """Number the groups of photographs of unknown individuals, from 1 in the order of the test."""
    try:
        table = cluster_unknown(ensemble, p).groups
    except UserError as error:
        logger.warning("photographs of unknown individuals are not grouped: %s", error)
        table = pd.DataFrame(columns=["image", "group"])
    group = dict(zip(table["image"], table["group"].tolist(), strict=True))
    unseen = [image for image, answer in by_image.items() if answer.likelier_new]
    numbers, _ = pd.factorize(
        pd.Series([group.get(image, image) for image in unseen], dtype=object)
    )
    for image, number in zip(unseen, numbers.tolist(), strict=True):
        by_image[image] = replace(by_image[image], group=number + 1)


def find_names(known: Mapping[str, str]) -> dict[str, str]:
    """What the individuals of the last run are called now, if decisions have renamed them.

    known : the individual of each labelled photograph, after all decisions
    """
    rows = artefacts.load_labels()
    rows = rows[~is_pseudo(rows) & rows["image"].isin(list(known))]
    now = rows["image"].map(known).groupby(rows["identity"]).agg(lambda own: own.mode().iloc[0])
    return {str(before): str(name) for before, name in now.items() if before != name != NEW_WHALE}


def tabulate_compared(photographs: RunPhotographs) -> pd.DataFrame:
    """The table of `named_folder.COLUMNS`: which file each photograph is."""
    known = [(CATALOGUE, image, name) for image, name in photographs.catalogue.items()]
    rows = [
        (role, row["photograph"], row["animal"], row["path"], photographs.digest[image], name)
        for role, image, name in [*known, *((NEW, image, "") for image in photographs.test)]
        for row in [photographs.table.loc[image]]
    ]
    return pd.DataFrame(rows, columns=named_folder.COLUMNS)


def store(photographs: RunPhotographs, ensemble: str, out: Path, p: Params) -> None:
    """Keep the small copy and the embedding of each photograph, as `tailprint name` does."""
    images = [*photographs.catalogue, *photographs.test]
    recipe = p.ensembles[ensemble]
    vectors = load_vectors(recipe.active_backbones(), recipe.fold_list(p.folds.trained), images)
    files = [photographs.copied[image] for image in images]
    thumbnails = map_in_threads(partial(encode_file, THUMBNAIL), files, "small copies")
    for image, vector, thumbnail in zip(images, vectors, thumbnails, strict=True):
        arrays = {"vector": vector, "thumbnail": np.array(thumbnail)}
        save_result(out / FOLDER, KIND, photographs.digest[image], arrays)
