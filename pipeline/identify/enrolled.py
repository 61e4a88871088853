"""The enrolled photographs: loaded, brought up to date, and added to the competition's tables."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.data import features
from pipeline.data.enrolled_photo import Enrolled
from pipeline.data.features import Features
from pipeline.data.gallery import NO_FOLD
from pipeline.identify import enrolment
from pipeline.params import Params

logger = logging.getLogger(__name__)


def refresh_enrolled(stored: list[Enrolled], digest: str, p: Params) -> dict[str, Enrolled]:
    """The enrolled photographs by unique names, extracted again if members or settings changed.

    The photograph that is to be identified (`digest`) is left out: it would find itself.
    """
    for photograph in stored:
        if photograph.sha256 == digest:
            logger.info(
                "this photograph itself is enrolled as %s: it is compared with the others",
                photograph.identity,
            )
    others = [photograph for photograph in stored if photograph.sha256 != digest]
    made_with = enrolment.fingerprint(p) if others else ""
    return {
        f"enrolled {photograph.photograph} {photograph.sha256[:8]}": _refresh(
            photograph, made_with, p
        )
        for photograph in others
    }


def _refresh(enrolled: Enrolled, made_with: str, p: Params) -> Enrolled:
    if enrolled.made_with == made_with:
        return enrolled
    name = f"{enrolled.photograph} ({enrolled.identity})"
    logger.info("%s: extracted again, since members or settings have changed", name)
    return enrolment.renew(enrolled, p, made_with)


def add_enrolled_rows(folds: pd.DataFrame, enrolled: dict[str, Enrolled]) -> pd.DataFrame:
    """Add the enrolled photographs to the table "folds", in no fold: all queries have them."""
    rows = pd.DataFrame(
        {
            "image": list(enrolled),
            "identity": [photograph.identity for photograph in enrolled.values()],
            "group": folds["group"].max() + 1 + np.arange(len(enrolled)),
            "only_fold": "",
            "fold": NO_FOLD,
            "part": NO_FOLD,
        }
    )
    return pd.concat([folds, rows], ignore_index=True) if enrolled else folds


def add_enrolled_features(stored: Features, enrolled: dict[str, Enrolled]) -> Features:
    """Append the local features of the enrolled photographs to the competition's."""
    for name, photograph in enrolled.items():
        added = photograph.features
        named = replace(added, names=np.array([name] * len(added.names)))
        stored = features.append(stored, named)
    return stored
