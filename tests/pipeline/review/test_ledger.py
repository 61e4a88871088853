"""Decisions of many reviewers: each is on the disk, and is checked with what it can change."""

import errno
import json
import threading
from itertools import product

import numpy as np
import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.data.pseudo_table import read_pseudo_labels
from pipeline.review import ledger as module
from pipeline.review.ledger import Ledger
from pipeline.review.scope import KEYS
from pipeline.steps.labels import labels, record

RESOLVE = labels.resolve_labels
KINDS = ("same", "different", "unsure", "new", "undo", "name")


def make_decision(a: str, b: str, kind: str) -> dict[str, str]:
    return {"image_a": a, "image_b": b, "decision": kind, "who": "me", "when": "now"}


def write_project(images: pd.DataFrame) -> None:
    """images : columns image, identity, group, sha256"""
    split = np.where(images["identity"] == "", "test", "train")
    images = images.assign(split=split, path=images["image"])
    tables.write("images", images.assign(width=9, height=9, bytes=9), paths.IMAGES)
    tables.write("groups", images, paths.GROUPS)


@pytest.fixture
def many() -> list[str]:
    """200 individuals with two photographs each."""
    names = [f"{i}_{k}.jpg" for i, k in product(range(200), range(2))]
    images = pd.DataFrame({"image": names, "group": range(400), "sha256": names})
    write_project(images.assign(identity=images["image"].str.partition("_")[0]))
    return names


@pytest.fixture
def checked(monkeypatch) -> list[tuple[int, int]]:
    """How many photographs and decisions every check got."""
    sizes: list[tuple[int, int]] = []
    resolve = labels.resolve_labels

    def count(images, groups, policy, decisions, pseudo) -> None:
        sizes.append((len(images), len(decisions)))
        resolve(images, groups, policy, decisions, pseudo)

    monkeypatch.setattr(module.labels, "resolve_labels", count)
    return sizes


@pytest.mark.fault(
    "review server",
    "each decision is checked with all others, so that reviewers wait for each other",
    "a check resolves only the labels that the decision can change",
)
def test_a_decision_is_checked_with_what_it_can_change(many, checked):
    past = [make_decision(f"{i}_0.jpg", f"{i + 1}_1.jpg", "different") for i in range(199)]
    tables.write("review", pd.DataFrame(past), paths.REVIEW)
    ledger = Ledger("majority")
    ledger.prepare()
    for i in range(0, 20, 2):
        ledger.add(make_decision(f"{i}_0.jpg", f"{i}_1.jpg", "same"))
    assert checked == [(400, 199)] + [(2, 1)] * 10


@pytest.mark.fault(
    "review server", "20 reviewers decide 1,000 times at once", "every confirmed decision is a row"
)
def test_a_thousand_decisions_of_twenty_threads_are_on_the_disk(many):
    ledger = Ledger("majority")
    lost: list[dict[str, str]] = []

    def decide(reviewer: int) -> None:
        for number in range(50):
            decision = make_decision(many[2 * number], many[2 * number + 1], "same")
            decision["who"] = f"{reviewer}-{number}"
            ledger.add(decision)
            if decision["who"].encode() not in paths.REVIEW.read_bytes():
                lost.append(decision)

    threads = [threading.Thread(target=decide, args=(reviewer,)) for reviewer in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    table = record.read_decisions(paths.REVIEW)
    assert not lost and len(table) == table["who"].nunique() == 1000
    assert len(json.loads(ledger.current())) == 50


def test_of_decisions_that_wait_together_only_the_contradictory_one_is_refused(many, checked):
    ledger = Ledger("majority")
    ledger.prepare()
    decisions = [make_decision(f"{i}_0.jpg", f"{i}_1.jpg", "same") for i in range(16)]
    decisions[11] = make_decision("11_0.jpg", "nothing.jpg", "same")
    queue = [module.Waiting([decision]) for decision in decisions]
    ledger._write_queue(queue)
    refused = [waiting for waiting in queue if waiting.error]
    assert refused == [queue[11]] and "'nothing.jpg'" in str(refused[0].error)
    assert len(record.read_decisions(paths.REVIEW)) == 15
    assert len(checked) - 1 == 9  # all, and two halves of each of four sizes


def test_decisions_are_synced_before_they_are_confirmed(monkeypatch):
    synced: list[bytes] = []
    monkeypatch.setattr(record.os, "fsync", lambda _: synced.append(paths.REVIEW.read_bytes()))
    Ledger("majority").add(make_decision("00.jpg", "gallery.jpg", "unsure"))
    assert b"unsure" in synced[0]


@pytest.mark.fault(
    "review server",
    "the disk is full in the middle of a decision",
    "it is not confirmed, the file is as before, and the next decision is written",
)
def test_a_full_disk_leaves_the_file_as_it_was(monkeypatch):
    ledger = Ledger("majority")
    ledger.add(make_decision("00.jpg", "gallery.jpg", "unsure"))
    before = paths.REVIEW.read_bytes()
    with monkeypatch.context() as full:
        full.setattr(record.os, "fsync", fail)
        with pytest.raises(OSError, match="No space"):
            ledger.add(make_decision("00.jpg", "other.jpg", "unsure"))
    assert paths.REVIEW.read_bytes() == before
    ledger.add(make_decision("00.jpg", "other.jpg", "unsure"))
    assert len(json.loads(ledger.current())) == len(record.read_decisions(paths.REVIEW)) == 2


def fail(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_that_another_program_has_changed_is_read_anew():
    ledger = Ledger("majority")
    ledger.add(make_decision("00.jpg", "gallery.jpg", "same"))
    with paths.REVIEW.open("a") as file:
        file.write("gallery.jpg,other.jpg,same,me,now\n")
    assert len(json.loads(ledger.current())) == 2
    with pytest.raises(ValueError, match="same in rows 3, 2 joins them"):
        ledger.add(make_decision("other.jpg", "00.jpg", "different"))


def test_a_record_that_contradicts_itself_takes_only_what_mends_it():
    rows = [make_decision("00.jpg", "gallery.jpg", "same"), make_decision("00.jpg", "", "new")]
    tables.write("review", pd.DataFrame(rows), paths.REVIEW)
    ledger = Ledger("majority")
    ledger.prepare()
    with pytest.raises(ValueError, match="row 3 says that 00.jpg is new"):
        ledger.add(make_decision("gallery.jpg", "other.jpg", "unsure"))
    ledger.add(make_decision("00.jpg", "", "undo"))
    ledger.add(make_decision("gallery.jpg", "other.jpg", "unsure"))
    assert len(record.read_decisions(paths.REVIEW)) == 4


def write_tangle(rng: np.random.Generator) -> list[str]:
    """24 photographs: duplicates with several identities, new ones, unlabelled ones.

    Two at a time share the name that they would give to a new individual.
    """
    names = [f"p{i // 2}.{ending}" for i, ending in enumerate(["jpg", "png"] * 12)]
    groups: list[int] = []  # the number of a group is the row of its first image
    for i in range(24):
        groups.append(groups[int(rng.integers(i - 2, i))] if i % 3 and rng.random() < 0.6 else i)
    words = ["a", "b", "c", "review_p3", "review_p5.png", "new_whale", ""]
    identity = rng.choice(words, 24, p=[0.22] + [0.13] * 6)
    # every fifth photograph is the same file as the first of its group
    files = [names[group] if i % 5 == 4 else names[i] for i, group in enumerate(groups)]
    images = pd.DataFrame({"image": names, "identity": identity, "group": groups})
    write_project(images.assign(sha256=files))
    known = sorted(set(identity) - {"", "new_whale"})
    unlabelled = [name for name, label in zip(names, identity, strict=True) if not label][:1]
    pseudo = pd.DataFrame({"image": unlabelled, "identity": known[0], "confidence": 0.9})
    tables.write("pseudo", pseudo.assign(fold=0, round=1, partition="p"), paths.PSEUDO)
    return names


def refusal(check) -> str | None:
    try:
        check()
    except ValueError as error:
        return str(error)
    return None


def compare_with_all(seed: int, count: int) -> set[bool]:
    """Decide at random; each answer, and the names, must be those of resolving all labels anew.

    Half of the decisions are on two photographs with one label, of which one may lose it.
    """
    rng = np.random.default_rng(seed)
    names = write_tangle(rng)
    tables.write("review", pd.DataFrame(columns=tables.COLUMNS["review"]), paths.REVIEW)
    everything = (artefacts.load_images(), artefacts.load_groups())
    pseudo = read_pseudo_labels(paths.PSEUDO)
    label = everything[0].set_index("image")["identity"]
    ledger, refused = Ledger("majority"), set()
    for _ in range(count):
        a, b = rng.choice(names, 2)
        if label[a] and rng.random() < 0.5:
            b = rng.choice([name for name in names if label[name] == label[a]])
        kind = str(rng.choice(KINDS, p=[0.25, 0.3, 0.05, 0.15, 0.1, 0.15]))
        others = {"new": "", "name": str(rng.choice(["a", "review_p3", "review_p5.png", "Anna"]))}
        decision = make_decision(str(a), others.get(kind, str(b)), kind)
        past = record.read_decisions(paths.REVIEW)[KEYS]
        added = pd.DataFrame([decision], columns=KEYS, index=[len(past)])
        both = pd.concat([past, added])
        found: list[pd.DataFrame] = []

        def resolve(*tables: pd.DataFrame, found=found) -> pd.DataFrame:
            found.append(RESOLVE(*tables))
            return found[-1]

        expected = refusal(lambda both=both: resolve(*everything, "majority", both, pseudo))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module.labels, "resolve_labels", resolve)
            assert refusal(lambda row=decision: ledger.add(row)) == expected, (seed, decision)
        if len(found) == 2:
            whole, reached = (table.set_index("image")["identity"] for table in found)
            assert whole[reached.index].to_dict() == reached.to_dict(), (seed, decision)
        refused.add(expected is not None)
    return refused


def test_a_check_within_reach_answers_as_one_of_everything():
    assert set.union(*(compare_with_all(seed, 12) for seed in range(3))) == {True, False}


@pytest.mark.slow
@pytest.mark.fault(
    "review server",
    "a decision that contradicts others by way of duplicates, labels or pseudo-labels",
    "the same refusal as by resolving all labels anew",
)
@pytest.mark.parametrize("seed", range(4, 24))
def test_a_check_within_reach_answers_as_one_of_everything_many_times(seed):
    compare_with_all(seed, 60)
