"""Add an individual to the gallery by one photograph, without training."""

import hashlib
import logging
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline import paths
from pipeline.data import artefacts, identity_names, images, tables
from pipeline.data.enrolled_photo import Enrolled, load_enrolled
from pipeline.data.tables import NEW_WHALE, is_pseudo
from pipeline.identify.eligibility import check_members
from pipeline.identify.photograph import Extractor, read_images
from pipeline.identify.stored_tables import StoredTables
from pipeline.params import Params
from pipeline.system.errors import UserError

logger = logging.getLogger(__name__)


def enroll(photograph: Path, identity: str, p: Params) -> Path:
    """Store a photograph of a named individual; returns the file with its embeddings.

    Raises UserError for an invalid name, a photograph that the competition has under another name,
    or a pipeline that has not run.
    """
    check_name(identity, artefacts.load_columns().new_whale)
    check_members(p)
    enrolled = load_enrolled(paths.ENROLLED)
    tell_of_known(identity, enrolled)
    table = read_images([photograph])
    digest = table["sha256"][0]
    check_label(photograph, competition_identity(digest), identity)
    tell_of_replaced(photograph, digest, identity, enrolled)
    extracted = Extractor(p, StoredTables()).extract(table, p.folds.trained)
    copy = f"{digest}{photograph.suffix}"
    tables.replace(paths.ENROLLED / copy, partial(shutil.copyfile, photograph))
    return Enrolled(
        identity=identity,
        photograph=photograph.name,
        copy=copy,
        sha256=digest,
        made_with=fingerprint(p),
        vectors=extracted.embeddings[:, 0],
        features=extracted.features,
    ).save(paths.ENROLLED)


def tell_of_known(identity: str, enrolled: list[Enrolled]) -> None:
    """Say if an individual has the name already, or one that is easily taken for it."""
    known = set(artefacts.load_labels()["identity"]) | {other.identity for other in enrolled}
    if identity in known:
        logger.info("%s is known already: this is one more photograph of it", identity)
    identity_names.warn_of_variants(identity, known)


def tell_of_replaced(
    photograph: Path, digest: str, identity: str, enrolled: list[Enrolled]
) -> None:
    """Warn if the same photograph is enrolled under another name, which it loses."""
    for other in enrolled:
        if other.sha256 == digest and other.identity != identity:
            logger.warning("%s was enrolled as %s: not any more", photograph, other.identity)


def check_label(photograph: Path, label: str | None, identity: str) -> None:
    """Raise UserError if the competition has the photograph under another name (`label`)."""
    if label not in (None, identity):
        raise UserError(
            f"{photograph} is in the competition as {label}: correct its label there if it is "
            f"{identity}"
        )


def check_name(identity: str, new_whale: str) -> None:
    """Raise UserError for a name that a submission cannot hold."""
    if fault := identity_names.name_fault(identity, {NEW_WHALE, new_whale}):
        raise UserError(fault)


def competition_identity(sha256: str) -> str | None:
    """The identity of the training photograph with these bytes, or None."""
    table = artefacts.load_images()
    names = table.loc[table["sha256"] == sha256, "image"]
    labels = artefacts.load_labels()
    labels = labels[~is_pseudo(labels)]  # a pseudo-label is a guess
    identities = labels.loc[labels["image"].isin(names), "identity"]
    return None if identities.empty else str(identities.iloc[0])


def fingerprint(p: Params) -> str:
    """A hash of what decides an extraction's result: the networks' files and the settings."""
    files = [paths.model(p.match.backbone, fold) for fold in p.folds.trained]
    files += [paths.UNET] if paths.UNET.is_file() else []
    digest = hashlib.sha256()
    for file in files:
        digest.update(images.hash_bytes(file.read_bytes()).encode())
    for section in (p.crop, p.keypoints, p.embed):
        digest.update(section.model_dump_json().encode())
    return digest.hexdigest()


def renew(enrolled: Enrolled, p: Params, made_with: str) -> Enrolled:
    """Extract an enrolled photograph again, by the current members and settings, and store it.

    made_with : their `fingerprint`
    """
    table = read_images([paths.ENROLLED / enrolled.copy])
    extracted = Extractor(p, StoredTables()).extract(table, p.folds.trained)
    vectors = extracted.embeddings[:, 0]
    renewed = replace(enrolled, made_with=made_with, vectors=vectors, features=extracted.features)
    renewed.save(paths.ENROLLED)
    return renewed
