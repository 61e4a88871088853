"""What a photograph is compared with by `identify`: all that is stored, and who was enrolled."""

import hashlib
from dataclasses import replace

import faiss
import numpy as np
import pandas as pd

from commands import enroll
from commands.asking import Known, Local
from pipeline import paths
from pipeline.data import features, gallery, tables, viewpoints
from pipeline.data.enrolled_photo import Enrolled
from pipeline.data.features import Features
from pipeline.params import Ensemble, Params
from pipeline.steps.ensemble.assemble import stack_held_out
from pipeline.steps.ensemble.load import load_fold_evidence
from pipeline.steps.match import matcher, votes
from pipeline.steps.match.queries import merge_galleries


def current(added: list[Enrolled], digest: str, p: Params) -> dict[str, Enrolled]:
    """The enrolled photographs, by a name that no other photograph has.

    The asked one is left out: it would find itself. What other members or settings made is made
    anew.
    """
    for one in added:
        if one.sha256 == digest:
            print(f"this very photograph is enrolled as {one.identity}: asked about the others")
    others = [one for one in added if one.sha256 != digest]
    now = enroll.made_with(p) if others else ""
    found = {}
    for one in others:
        fresh = one
        if one.made_with != now:
            print(f"{one.photograph} ({one.identity}): looked at anew: members or settings changed")
            fresh = enroll.renewed(one, p, now)
        found[f"enrolled {one.photograph} {one.sha256[:8]}"] = fresh
    return found


def known(recipe: Ensemble, added: dict[str, Enrolled], p: Params) -> Known:
    """What the pipeline has stored, and the enrolled photographs."""
    folds = tables.read("folds", paths.FOLDS)
    try:
        # nothing is re-ranked here, so that the blend must not count on it
        parts = load_fold_evidence(recipe, p.folds.trained, folds, ("neighbours",))
    except ValueError as error:
        raise SystemExit(f"{error}. identify does not re-rank: choose another --ensemble") from None
    except FileNotFoundError as error:
        raise SystemExit(
            f"{error.filename} is not there: run the pipeline first (dvc repro)"
        ) from None
    stored = Features.load(paths.KEYPOINTS)
    return Known(
        with_enrolled(folds, added),
        {fold: embeddings(fold, added, p) for fold in recipe.fold_list(p.folds.trained)},
        stack_held_out(parts),
        viewpoints.read(tables.read("viewpoints", paths.VIEWPOINTS)),
        all_features(stored, added),
        local(stored, folds, added, p) if recipe.local_scores() else None,
    )


def with_enrolled(folds: pd.DataFrame, added: dict[str, Enrolled]) -> pd.DataFrame:
    """The table "folds" with the enrolled photographs, in no fold: every member shows them."""
    rows = pd.DataFrame(
        {
            "image": list(added),
            "identity": [one.identity for one in added.values()],
            "group": folds["group"].max() + 1 + np.arange(len(added)),
            "only_fold": "",
            "fold": -1,
        }
    )
    return pd.concat([folds, rows], ignore_index=True) if added else folds


def embeddings(fold: int, added: dict[str, Enrolled], p: Params) -> gallery.Embeddings:
    """One member's vectors of all photographs."""
    stored = gallery.Embeddings.load(paths.embeddings(p.match.backbone, fold))
    if not added:
        return stored
    own = np.stack([one.vectors[p.folds.trained.index(fold)] for one in added.values()])
    return gallery.Embeddings(
        np.append(stored.names, list(added)), np.concatenate([stored.vectors, own])
    )


def all_features(stored: Features, added: dict[str, Enrolled]) -> Features:
    """Local features of the competition's and the enrolled photographs."""
    for name, one in added.items():
        own = one.features
        named = replace(own, names=np.array([name] * len(own.names)))
        stored = features.appended(stored, named)
    return stored


def local(stored: Features, folds: pd.DataFrame, added: dict[str, Enrolled], p: Params) -> Local:
    """The galleries with the enrolled photographs, and the index of their local features."""
    shown = merge_galleries([gallery.gallery_rows(folds, fold) for fold in p.folds.trained])
    index = kept_index(stored, shown["image"], p)
    for one in added.values():
        index.add(one.features.descriptors[one.features.rows(0)].astype(np.float32))
    people = {"image": list(added), "identity": [one.identity for one in added.values()]}
    shown = pd.concat([shown[list(people)], pd.DataFrame(people)], ignore_index=True)
    return Local(shown, index)


def kept_index(found: Features, shown: pd.Series, p: Params) -> faiss.Index:
    """The index of the galleries' local features, read or made; an older one is taken away."""
    told = hashlib.sha256(p.match.model_dump_json().encode())
    told.update("\n".join(shown).encode())
    told.update(found.descriptors)
    path = paths.FEATURE_INDEX / f"{told.hexdigest()}.faiss"
    if path.is_file():
        return faiss.read_index(str(path))
    print("an index of the gallery's local features is made, and kept for the next question")
    numbers = matcher.locate(pd.Index(found.names), shown)
    index = votes.build_index(matcher.gather_descriptors(found, numbers), p.match)
    for old in paths.FEATURE_INDEX.glob("*.faiss"):
        old.unlink()
    tables.replace(path, lambda part: faiss.write_index(index, str(part)))
    return index
