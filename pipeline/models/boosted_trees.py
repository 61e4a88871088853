"""Boosted trees: params.yaml's settings under LightGBM's names."""

from pipeline.params import Boosting


def lightgbm_parameters(params: Boosting) -> dict:
    """LightGBM's parameters for a binary target; they give the same bytes each time."""
    return {
        "objective": "binary",
        "num_leaves": params.leaves,
        "learning_rate": params.learning_rate,
        "min_data_in_leaf": params.min_leaf,
        "deterministic": True,
        "force_row_wise": True,
        # on tables this small threads mostly wait for each other, and another number of them adds
        # up in another order
        "num_threads": 1,
        "verbose": -1,
    }
