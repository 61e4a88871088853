"""What the stages of dvc.yaml write."""


def list_paths(stage: dict, *kinds: str) -> list[str]:
    """The paths of a stage's outputs of these kinds (outs, plots, metrics).

    An output with options is a dictionary of one key, the path.
    """
    outputs = [output for kind in kinds for output in stage.get(kind, [])]
    return [next(iter(output)) if isinstance(output, dict) else output for output in outputs]
