"""Which worker runs a stage, and what becomes of its messages, with a stand-in for Ray."""

import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from commands import cluster, cluster_requests, cluster_server, reproduction
from commands.cluster import ATTEMPTS, NODE_ID, Arrival, Cluster
from commands.cluster_requests import Request
from pipeline import params
from pipeline.system.errors import UserError
from tests.conftest import ROOT

NAMES = ("WorkerCrashed", "NodeDied", "LocalRayletDied", "OutOfMemory", "ObjectLost", "RayTask")
EXCEPTIONS = SimpleNamespace(**{f"{name}Error": type(name, (Exception,), {}) for name in NAMES})
RESOURCES = {"CPU": 64.0, "memory": 64e9}
REQUEST = Request("train@lite0-1", "python -m stages.train lite0 1", ["data/crops.npy"], ["out"])
DONE = [("host", "gpu1:/lab"), ("log", "epoch 1\n"), ("file", ("out/a", b"12")), ("end", 0)]


class FakeRay:
    """Plays a list of messages for every task; an exception among them is raised."""

    exceptions = EXCEPTIONS

    def __init__(self, *plays):
        self.plays, self.stored, self.options, self.cancelled = list(plays), [], [], 0
        self.living = {"a": RESOURCES, "b": RESOURCES}

    def nodes(self):
        return [{"NodeID": n, "Resources": r, "Alive": True} for n, r in self.living.items()]

    def put(self, value):
        self.stored.append(value)
        return value

    def get(self, message):
        if isinstance(message, Exception):
            raise message
        return message

    def cancel(self, messages, force):
        self.cancelled += 1

    def remote(self, function):
        def with_options(**options):
            self.options.append(options)
            return SimpleNamespace(remote=lambda job, refs: iter(self.plays.pop(0)))

        return SimpleNamespace(options=with_options)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    shutil.copy(ROOT / "tests/params.yaml", tmp_path / "params.yaml")
    for folder in ("data", ".dvc"):
        (tmp_path / folder).mkdir()
    (tmp_path / "data/crops.npy").write_text("crops")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(ray):
    log = []
    code = Cluster(ray, params.load()).run(REQUEST, log.append)
    return code, "".join(log)


def test_a_stage_prints_its_log_and_its_files_get_their_names(project):
    code, log = run(ray := FakeRay(DONE))
    assert code == 0 and log == "on gpu1:/lab\nepoch 1\n"
    assert (project / "out/a").read_bytes() == b"12"
    assert ray.stored[1:] == [b"crops"] and ray.options[0]["num_gpus"] == 0
    assert not list((project / ".dvc/tmp/cluster").iterdir())


def test_a_stage_that_fails_leaves_nothing_and_is_not_repeated(project):
    code, _ = run(FakeRay([*DONE[:-1], ("end", 3)]))
    assert code == 3 and not (project / "out").exists()
    code, log = run(FakeRay([EXCEPTIONS.RayTaskError("no space is left")]))
    assert code == 1 and log == "no space is left\n"


@pytest.mark.fault(
    "interruptions",
    "a worker of a cluster is killed in the middle of a stage",
    "the stage is started again on another; what the dead one had sent is not used",
)
@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_stage_whose_worker_is_lost_is_started_again(project, name):
    loss = getattr(EXCEPTIONS, f"{name}Error")("dead\nlong story")
    code, log = run(FakeRay([("file", ("out/a", b"half")), loss], DONE))
    assert code == 0 and (project / "out/a").read_bytes() == b"12"
    assert "train@lite0-1: its worker is lost (1 of 4): dead\non gpu1:/lab" in log


def test_a_stage_that_loses_every_worker_is_given_up(project):
    loss = EXCEPTIONS.OutOfMemoryError("too much")
    code, log = run(ray := FakeRay(*[[loss]] * ATTEMPTS, DONE))
    assert code == 1 and log.count("is lost") == ATTEMPTS and len(ray.plays) == 1


def test_a_refused_worker_gets_no_other_stage(project):
    code, log = run(ray := FakeRay([("refused", ("a", "gpu1:/lab: timm 1"))], DONE))
    assert code == 0 and "train@lite0-1: worker refused, gpu1:/lab: timm 1\n" in log
    labels = [options["label_selector"] for options in ray.options]
    assert labels == [None, {NODE_ID: "!in(a)"}]


def test_if_all_workers_are_refused_the_message_names_them(project):
    plays = [[("refused", (node, f"{node}:/lab: timm 1"))] for node in "ab"]
    with pytest.raises(UserError, match="(?s)these were refused:\n  a:/lab: timm 1\n  b:/lab"):
        run(FakeRay(*plays))


def test_a_stage_waits_for_a_worker_with_room(project):
    ray = FakeRay(DONE)
    ray.living = {}
    code, log = run(ray)
    assert code == 0 and log.startswith("train@lite0-1: waits for a worker with ")


def test_a_file_that_two_stages_read_is_stored_once_and_freed_after_them(project):
    workers = Cluster(ray := FakeRay(), params.load())
    held = workers.pack("data/crops.npy", "5")
    assert workers.pack("data/crops.npy", "5") is held and ray.stored == [b"crops"]
    del held
    assert not workers.packed


def test_a_file_that_two_stages_need_at_once_is_stored_once(project, monkeypatch):
    workers = Cluster(ray := FakeRay(), params.load())
    put = ray.put

    def put_slowly(value):
        time.sleep(0.1)
        return put(value)

    monkeypatch.setattr(ray, "put", put_slowly)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: workers.pack("data/crops.npy", "5"), range(2))
    assert first is second and ray.stored == [b"crops"]


def test_there_are_as_many_places_as_workers_have_room_for(monkeypatch):
    monkeypatch.setattr(cluster.Needs, "fit", lambda needs, worker: bool(worker))
    ray = FakeRay()
    workers = Cluster(ray, params.load())
    monkeypatch.setattr("pipeline.system.machine.count_threads", lambda: 4)
    assert workers.count_places("train") == 2 * 64 / 4
    ray.living = {"a": {"CPU": 8.0, "GPU": 2.0, "memory": 8e9}}
    assert workers.count_places("train") == 2
    ray.living = {}
    assert workers.count_places("train") == 1


def test_an_arrival_that_is_cut_leaves_nothing(project):
    with pytest.raises(KeyError), Arrival(project, print) as arrival:
        arrival.take("file", ("out/a", b"1"))
        raise KeyError
    assert not (project / "out").exists()
    assert not list((project / ".dvc/tmp/cluster").iterdir())


def test_without_ray_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(UserError, match="pip install -r requirements-cluster.txt"),
        cluster.connect("auto", params.load()),
    ):
        pass


class FakeCluster:
    """Runs every stage in no time; "train@bad-0" is a fault of the user's."""

    def run(self, request, write):
        write(f"{request.name} {request.command} {request.deps} {request.outs}\n")
        if request.name == "train@bad-0":
            raise UserError("no worker is left")
        return {"train@a-0": 0, "match": None}.get(request.name, 7)


def dvc_stage(name):
    Dependency = type("Dependency", (), {})  # as DVC names it: of a file
    dep, settings = Dependency(), SimpleNamespace(def_path="params.yaml")
    dep.def_path = "in.csv"
    outs = [SimpleNamespace(def_path="out.csv")]
    return SimpleNamespace(addressing=name, cmd="python", deps=[dep, settings], outs=outs)


def test_dvcs_stages_reach_the_workers_and_the_others_run_here(capsys):
    from dvc.stage.exceptions import StageCmdFailedError

    here = []
    run_anywhere = cluster_requests.run_on_workers(
        lambda stage, dry, run_env: here.append(stage.addressing)
    )
    with cluster_server.serve(FakeCluster()):
        run_anywhere(dvc_stage("report@best"))
        run_anywhere(dvc_stage("train@a-0"), dry=True)
        run_anywhere(dvc_stage("train@a-0"))
        run_anywhere(dvc_stage("match"))  # there is nothing to split
        with pytest.raises(StageCmdFailedError, match="exited with 7"):
            run_anywhere(dvc_stage("train@b-0"))
        with pytest.raises(StageCmdFailedError, match="exited with 1"):
            run_anywhere(dvc_stage("train@bad-0"))
    assert here == ["report@best", "train@a-0", "match"]
    out = capsys.readouterr().out
    assert "train@a-0 python ['in.csv'] ['out.csv']\n" in out and "no worker is left" in out
    assert cluster_requests.SOCKET not in cluster_requests.os.environ


def test_several_stages_are_answered_at_once():
    """Each waits for the other, so that one after the other would never end."""
    meeting = threading.Barrier(2, timeout=20)
    both = SimpleNamespace(run=lambda request, write: meeting.wait() * 0)
    codes = []
    with cluster_server.serve(both):
        asks = [
            threading.Thread(target=lambda: codes.append(cluster_requests.ask(REQUEST)))
            for _ in range(2)
        ]
        for ask in asks:
            ask.start()
        for ask in asks:
            ask.join(30)
    assert codes == [0, 0]


def test_a_run_on_a_cluster_has_its_workers_places(monkeypatch):
    """Members take the cluster's places; the stages of an ensemble after its blend are run here."""
    chains, ray = {}, FakeRay()
    monkeypatch.setattr(cluster, "connect", lambda address, p: cluster_in(ray, address, p))
    monkeypatch.setattr(reproduction, "run_dvc", lambda *stages: None)
    monkeypatch.setattr(reproduction, "check_networks_once", lambda p, path: None)
    monkeypatch.setattr(reproduction, "prepare", lambda: None)
    monkeypatch.setattr(
        reproduction, "run_chains", lambda kind, names, places: chains.update({kind: len(places)})
    )
    monkeypatch.setattr("pipeline.system.machine.count_threads", lambda: 16)
    monkeypatch.setattr(reproduction, "find_places", lambda at_once: [{}] * 2)
    reproduction.reproduce(at_once=None, cluster="gpu1:6379")
    assert chains == {"member": 8, "ensemble": 2}
    reproduction.reproduce(at_once=3, cluster="gpu1:6379")
    assert chains["member"] == 3


@cluster.contextlib.contextmanager
def cluster_in(ray, address, p):
    assert address == "gpu1:6379"
    yield Cluster(ray, p)
