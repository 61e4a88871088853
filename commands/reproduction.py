"""`dvc repro`, several members at a time."""

import time
from collections.abc import Mapping, Sequence

from commands import checkout, turns
from commands.dvc_runs import LOGS, prepare, run_chains, run_dvc
from pipeline import params, paths
from pipeline.data import tables
from pipeline.models.checked_networks import check_networks_once
from pipeline.params import Params
from pipeline.system import device, machine

MEMBER = ("train", "embed", "neighbours", "rerank")
ENSEMBLE = ("ensemble", "submission", "score")


def reproduce(at_once: int | None) -> None:
    """Bring all stages up to date; writes the seconds that it took to paths.LAST_BUILD.

    at_once : members at a time; None for as many as the machine has room for

    Whatever has interrupted an earlier run, this one goes on from its last finished stage. Raises
    UserError if a setting is wrong or a stage fails.
    """
    p = params.load()
    checkout.check_project()
    places = find_places(at_once)
    check_networks_once(p, paths.CHECKED_NETWORKS)
    with turns.take_turn():
        begin = time.monotonic()
        prepare()
        # one GPU is kept busy by one member
        if not device.has_gpu() or len(places) > 1:
            run_side_by_side(p, places)
        run_dvc()
        seconds = round(time.monotonic() - begin)
        tables.replace(paths.LAST_BUILD, lambda part: part.write_text(str(seconds)))


def find_places(at_once: int | None) -> Sequence[Mapping[str, str]]:
    """The environment of each of the members that run at once, with GPUs of its own if there are.

    More members than GPUs have no place: they wait for one.
    """
    devices = device.count_devices()
    if device.has_gpu():
        return device.divide_gpus(at_once)
    return [{}] * (at_once or max(1, machine.count_parallel_stages() // devices))


def run_side_by_side(p: Params, places: Sequence[Mapping[str, str]]) -> None:
    """Run the stages of members, and later of ensembles, several at a time."""
    LOGS.mkdir(parents=True, exist_ok=True)
    run_dvc("keypoints", "folds", "pretrain")
    members = [paths.member_name(name, fold) for name in p.backbones for fold in p.folds.trained]
    run_chains("member", dict.fromkeys(members, MEMBER), places)
    run_dvc("--single-item", "match", "weigh", "verify")
    run_chains("ensemble", list_ensemble_stages(p), places)


def list_ensemble_stages(p: Params) -> dict[str, tuple[str, ...]]:
    """The stages of each ensemble; those with a report first, which takes the longest."""
    reports = dict.fromkeys(p.report.html, (*ENSEMBLE, "report"))
    return reports | {name: ENSEMBLE for name in p.ensembles if name not in reports}
