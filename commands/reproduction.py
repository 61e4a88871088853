"""`dvc repro`, several members at a time."""

import shutil
import time
from collections.abc import Mapping, Sequence

from commands import checkout, turns
from commands.cluster_task import STORE
from commands.dvc_runs import LOGS, prepare, run_chains, run_dvc
from pipeline import params, paths
from pipeline.data import tables
from pipeline.models.checked_networks import check_networks_once
from pipeline.params import Params
from pipeline.system import device, machine

MEMBER = ("train", "embed", "neighbours", "rerank")
ENSEMBLE = ("ensemble", "submission", "score")
MOST = 32  # members at once on a cluster: each has a process of DVC on the head

Places = Sequence[Mapping[str, str]]


def reproduce(at_once: int | None, cluster: str | None = None) -> None:
    """Bring all stages up to date; writes the seconds that it took to paths.LAST_BUILD.

    at_once : members at a time; None for as many as the machine, or the cluster, has room for
    cluster : the address of Ray, whose workers run the members ("auto": the one of this machine)

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
        if cluster:
            run_on_cluster(p, cluster, at_once, places)
        # one GPU is kept busy by one member
        elif not device.has_gpu() or len(places) > 1:
            run_side_by_side(p, places, places)
        run_dvc()
        shutil.rmtree(STORE / "shards", ignore_errors=True)  # of an interrupted run on a cluster
        seconds = round(time.monotonic() - begin)
        tables.replace(paths.LAST_BUILD, lambda part: part.write_text(str(seconds)))


def find_places(at_once: int | None) -> Places:
    """The environment of each of the members that run at once, with GPUs of its own if there are.

    More members than GPUs have no place: they wait for one.
    """
    devices = device.count_devices()
    if device.has_gpu():
        return device.divide_gpus(at_once)
    return [{}] * (at_once or max(1, machine.count_parallel_stages() // devices))


def run_on_cluster(p: Params, address: str, at_once: int | None, here: Places) -> None:
    """Run the stages that travel on the workers of a cluster of Ray."""
    from commands import cluster, cluster_server

    with cluster.connect(address, p) as workers, cluster_server.serve(workers):
        run_side_by_side(p, [{}] * (at_once or min(MOST, workers.count_places("train"))), here)


def run_side_by_side(p: Params, places: Places, here: Places) -> None:
    """Run the stages of members, and later of ensembles, several at a time.

    places : the environment of each member that runs at once, on this machine or others
    here : the same of each ensemble, whose later stages are run by this machine
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    run_dvc("keypoints", "folds", "pretrain")
    members = [paths.member_name(name, fold) for name in p.backbones for fold in p.folds.trained]
    run_chains("member", dict.fromkeys(members, MEMBER), places)
    run_dvc("--single-item", "match", "weigh", "verify")
    run_chains("ensemble", list_ensemble_stages(p), here)


def list_ensemble_stages(p: Params) -> dict[str, tuple[str, ...]]:
    """The stages of each ensemble; those with a report first, which takes the longest."""
    reports = dict.fromkeys(p.report.html, (*ENSEMBLE, "report"))
    return reports | {name: ENSEMBLE for name in p.ensembles if name not in reports}
