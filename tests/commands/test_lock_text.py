"""dvc.lock is written in parts, byte by byte as DVC writes the whole."""

import random

import pytest
from dvc.utils.serialize import _yaml, dumps_yaml

from commands import lock_text

LONG = "a command of many words that DVC breaks into several lines, " * 4


def record(rng: random.Random) -> dict:
    files = [
        {"path": f"data/{rng.random()}", "hash": "md5", "md5": "0123", "size": rng.randrange(99)}
        for _ in range(rng.randrange(3))
    ]
    values = {"rate": rng.random(), "text": rng.choice(["", "a: b", "no", "2", LONG, "x\n  y:\n"])}
    return {"cmd": rng.choice(["python -m one", LONG]), "deps": files, "params": {"p.yaml": values}}


def update(text: str, records: dict) -> str:
    """What DVC's context does to a lock's text."""
    data = lock_text.parse(text, "dvc.lock")
    before = dict(data["stages"])
    data["stages"].update(records)
    return lock_text.render(text, before, data, _yaml._dump)


@pytest.mark.parametrize("seed", range(5))
def test_a_lock_in_parts_is_the_lock_that_dvc_writes(seed):
    rng = random.Random(seed)
    names = ["one", "train@a-0", "train@a-1", "9", "no", "a b", "é"]
    stages: dict = {}
    text = dumps_yaml({"schema": "2.0", "stages": stages})
    for _ in range(20):
        changed = {rng.choice(names): record(rng)}
        stages = stages | changed
        text = update(text, changed)
        assert text == dumps_yaml({"schema": "2.0", "stages": stages})


def test_only_the_changed_record_is_dumped():
    rng, dumped = random.Random(0), []
    stages = {f"stage{number}": record(rng) for number in range(9)}
    text = dumps_yaml({"schema": "2.0", "stages": stages})
    after = {"schema": "2.0", "stages": stages | {"stage4": {"cmd": "another"}}}

    def dump(contents, stream):
        dumped.append(contents["stages"])
        _yaml._dump(contents, stream)

    assert lock_text.render(text, stages, after, dump) == dumps_yaml(after)
    assert dumped == [{"stage4": {"cmd": "another"}}]


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\nschema: '2.0'\nstages:\n  one:\n    cmd: first\n",
        'schema: "2.0"\nstages: {one: {cmd: first}}\n',
        "schema: '2.0'\nstages:\n  one:\n    cmd: first",
        "schema: '2.0'\nstages:\n  'one':\n    cmd: first\n",
        "schema: '2.0'\nstages:\n# a comment\n  one:\n    cmd: first\n",
        "schema: '2.0'\nstages:\n  one:\n    cmd: first\ndatasets: []\n",
    ],
)
def test_a_lock_that_dvc_has_not_written_so_is_dumped_whole(text):
    expected = lock_text._parse(text, "")
    expected["stages"]["two"] = {"cmd": "second"}
    assert update(text, {"two": {"cmd": "second"}}) == dumps_yaml(expected)


def test_what_was_parsed_before_is_a_copy_of_its_own():
    text = dumps_yaml({"schema": "2.0", "stages": {"one": {"cmd": "first"}}})
    lock_text.parse(text, "dvc.lock")["stages"].clear()
    assert lock_text.parse(text, "dvc.lock")["stages"] == {"one": {"cmd": "first"}}


def test_a_broken_text_raises_dvcs_own_error():
    with pytest.raises(_yaml.YAMLFileCorruptedError, match="dvc.lock"):
        lock_text.parse("stages: [", "dvc.lock")
