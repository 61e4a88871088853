"""A stage on a worker, without Ray: what it checks, receives, runs and sends back."""

import os
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from commands import cluster_task
from commands.cluster_task import Job

STAGE = """
import sys
from pathlib import Path
from code_of_stage import WORD
text = Path("data/in.csv").read_text()
print("read", text, flush=True)
Path("out/deep").mkdir(parents=True)
Path("out/a.csv").write_text(text + WORD)
Path("out/deep/empty.csv").touch()
sys.exit(int(sys.argv[1]))
"""


def md5(text: str) -> str:
    return cluster_task.hashlib.md5(text.encode()).hexdigest()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/toy.py").write_text(STAGE)
    (tmp_path / "code_of_stage.py").write_text("WORD = 'worker'")
    monkeypatch.setenv(cluster_task.CHECKOUT, str(tmp_path))
    return tmp_path


@pytest.fixture
def job():
    return Job(
        name="toy@a",
        arguments=["-m", "stages.toy", "0"],
        inputs={"data/in.csv": md5("12")},
        outs=["out"],
        code={"code_of_stage.py": md5("WORD = 'worker'")},
        versions=cluster_task.describe_versions(["python", "numpy"]),
        environment={},
    )


def fetch(digest):
    assert digest == md5("12")
    return iter([b"1", b"2"])


def run(job):
    return list(cluster_task.run(job, fetch))


def test_a_stage_sends_its_log_its_files_and_its_exit_code(checkout, job):
    messages = run(job)
    assert messages[0][0] == "host" and messages[0][1].endswith(str(checkout))
    assert "".join(value for kind, value in messages if kind == "log") == "read 12\n"
    files = dict(value for kind, value in messages if kind == "file")
    assert files == {"out/a.csv": b"12worker", "out/deep/empty.csv": b""}
    assert messages[-1] == ("end", 0)


def test_a_stage_leaves_only_its_inputs_for_the_next(checkout, job):
    run(job)
    (kept,) = (checkout / cluster_task.STORE / "inputs").iterdir()
    assert kept.name == md5("12") and kept.read_text() == "12"
    assert list((checkout / cluster_task.STORE).iterdir()) == [kept.parent]
    assert not (checkout / "out").exists()
    sent = []
    messages = list(cluster_task.run(job, sent.append))
    assert messages[-1] == ("end", 0) and sent == []


def test_an_input_of_this_job_alone_is_not_kept(checkout, job):
    messages = run(replace(job, passing=["data/in.csv"]))
    assert messages[-1] == ("end", 0)
    assert dict(value for kind, value in messages if kind == "file")["out/a.csv"] == b"12worker"
    assert not list((checkout / cluster_task.STORE / "inputs").iterdir())


@pytest.mark.parametrize("passing", [[], ["data/in.csv"]])
def test_a_file_that_arrives_damaged_ends_the_stage(checkout, job, passing):
    with pytest.raises(OSError, match="an input arrived damaged"):
        list(cluster_task.run(replace(job, passing=passing), lambda digest: [b"1"]))
    assert not list((checkout / cluster_task.STORE / "inputs").iterdir())


@pytest.fixture
def locks(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_task.tempfile, "gettempdir", lambda: str(tmp_path))


def test_stages_hold_different_cores(locks, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 6})
    with cluster_task.hold_cores(2) as first, cluster_task.hold_cores(1) as second:
        assert first == {3, 5} and second == {6}
        with cluster_task.hold_cores(1) as third:  # none is left
            assert third == {3, 5, 6}
    with cluster_task.hold_cores(3) as every, cluster_task.hold_cores(0) as unlimited:
        assert every == {3, 5, 6} and unlimited == set()


def test_a_stage_has_the_cores_that_it_holds(locks, checkout, job):
    before = os.sched_getaffinity(0)
    script = "import os; print(len(os.sched_getaffinity(0)))"
    alone = replace(job, arguments=["-c", script], cores=1)
    messages = cluster_task.run_command(alone, checkout, checkout)
    assert "".join(text for _, text in messages) == "1\n"
    assert os.sched_getaffinity(0) == before


def test_a_file_that_two_stages_need_is_fetched_once(locks, tmp_path):
    """The second waits while the first is fetching."""
    (tmp_path / "inputs").mkdir()
    fetched = []

    def fetch_slowly(digest):
        fetched.append(digest)
        time.sleep(0.2)
        return [b"12"]

    def receive(_):
        return cluster_task.receive(tmp_path / "inputs", md5("12"), fetch_slowly)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(receive, range(2))
    assert first == second and first.read_bytes() == b"12" and fetched == [md5("12")]


def test_a_stage_that_fails_sends_no_file(checkout, job):
    messages = run(replace(job, arguments=["-m", "stages.toy", "3"]))
    assert messages[-1] == ("end", 3)
    assert not [kind for kind, _ in messages if kind == "file"]


def test_a_file_comes_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_task, "CHUNK", 4)
    (tmp_path / "a").write_bytes(b"123456789")
    pieces = [value for _, value in cluster_task.read_outs(["a"], tmp_path)]
    assert pieces == [("a", b"1234"), ("a", b"5678"), ("a", b"9")]


@pytest.mark.fault(
    "interruptions",
    "a worker of a cluster has another commit, or other packages",
    "it runs nothing; the message names the worker, the files and both versions",
)
def test_a_worker_with_other_code_or_versions_is_refused(checkout, job):
    (checkout / "code_of_stage.py").write_text("WORD = 'another'")
    versions = {**job.versions, "numpy": "1.0", "no-such-package": "2.0"}
    code = {**job.code, "stages/gone.py": md5("")}
    ((kind, why),) = run(replace(job, versions=versions, code=code))
    own = cluster_task.find_version("numpy")
    assert kind == "refused" and f"{checkout}: numpy {own}, the head has 1.0; " in why
    assert "no-such-package is missing, the head has 2.0; code_of_stage.py differs" in why
    assert why.endswith("and 1 more")
    assert not (checkout / cluster_task.STORE).exists()


def test_a_cpu_and_a_gpu_build_of_one_version_are_the_same(monkeypatch):
    installed = {"torch": "2.14.1+cpu", "faiss-gpu": "1.15.1"}

    def version(name):
        if name not in installed:
            raise cluster_task.metadata.PackageNotFoundError
        return installed[name]

    monkeypatch.setattr(cluster_task.metadata, "version", version)
    found = cluster_task.describe_versions(["python", "torch", "faiss", "ray"])
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found == {"python": python, "torch": "2.14.1", "faiss": "1.15.1", "ray": ""}


def test_what_killed_workers_left_and_old_inputs_are_removed(tmp_path):
    old, new = tmp_path / "inputs/old", tmp_path / "inputs/new"
    host = socket.gethostname()
    dead, living = tmp_path / f"run-{host}-99999999-x", tmp_path / f"run-{host}-{os.getpid()}-x"
    elsewhere = tmp_path / f"run-{host}-2-99999999-x"  # of a machine that shares the disk
    for folder in (old.parent, dead, living, elsewhere):
        folder.mkdir()
    forgotten = tmp_path / "run-elsewhere-1-x"
    forgotten.mkdir()
    os.utime(forgotten, (0, 0))
    for file in (old, new):
        file.touch()
    day = time.time() - cluster_task.KEPT - 60
    os.utime(old, (day, day))
    with cluster_task.make_folder(tmp_path):
        left = {path.name for path in tmp_path.glob("run-*")}
        assert {living.name, elsewhere.name} < left and dead.name not in left
        assert forgotten.name not in left
        assert new.exists() and not old.exists()


def test_a_log_comes_while_the_stage_is_at_work(checkout, job):
    script = "import time; print('1', flush=True); time.sleep(1.2); print('2')"
    begin = time.monotonic()
    messages = cluster_task.run_command(replace(job, arguments=["-c", script]), checkout, checkout)
    pieces = [(text, time.monotonic() - begin) for _, text in messages]
    assert "".join(text for text, _ in pieces) == "1\n2\n"
    assert pieces[0][0] == "1\n" and pieces[-1][1] - pieces[0][1] > 0.2


def test_a_stage_ends_if_its_log_is_no_longer_read(checkout, job):
    script = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    messages = cluster_task.run_command(replace(job, arguments=["-c", script]), checkout, checkout)
    pid = int(next(messages)[1])
    messages.close()
    end = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and "Z" not in state(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists() or "Z" in state(pid)


def state(pid: int) -> str:
    """The state of a process, "Z" for one that has ended and was not waited for."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
