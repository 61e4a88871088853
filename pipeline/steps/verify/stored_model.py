"""The model of pairs as the stage `verify` has written it."""

from pipeline import paths
from pipeline.data import tables
from pipeline.evaluation.pair_model import SCORES, PairModel
from pipeline.system.errors import UserError, require_files


def load_pair_model() -> PairModel:
    """Load the model fitted by the stage `verify`.

    Raises UserError if that has not run, or had no pairs to fit on.
    """
    require_files([paths.PAIR_MODEL], "run the pipeline first (dvc repro verify)")
    model = PairModel.from_dict(tables.read_json(paths.PAIR_MODEL))
    if len(model.weights_) != len(SCORES):
        raise UserError(f"{paths.PAIR_MODEL} is of another version: run dvc repro verify")
    if not model.weights_.any():
        raise UserError(
            f"{paths.PAIR_MODEL} was fitted without informative pairs: it takes keypoints.enabled: "
            "true, and two comparable photographs of some labelled individuals; then run the "
            "pipeline again"
        )
    return model
