"""Names of ensembles: a check, and the default."""

from collections.abc import Iterable

from pipeline.params import Params
from pipeline.system.errors import UserError


def check_ensembles(names: Iterable[str], p: Params) -> None:
    """Raise UserError for a name that params.yaml does not have."""
    if unknown := sorted(set(names) - set(p.ensembles)):
        raise UserError(f"no ensemble {', '.join(unknown)}; params.yaml has {list(p.ensembles)}")


def default_ensemble(p: Params) -> str:
    """The ensemble that is used unless another is named."""
    return p.identify.ensemble
