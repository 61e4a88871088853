"""LightGBM's names for what params.yaml says of boosted trees."""

from pipeline.params import Boosting


def settings(params: Boosting) -> dict:
    """For a yes or no, the same bytes each time."""
    return {
        "objective": "binary",
        "num_leaves": params.leaves,
        "learning_rate": params.learning_rate,
        "min_data_in_leaf": params.min_leaf,
        "deterministic": True,
        "force_row_wise": True,
        # on tables this small threads wait for each other more than they work, and another number
        # of them adds up in another order
        "num_threads": 1,
        "verbose": -1,
    }
