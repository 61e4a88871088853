"""Shards of rows, and the files that go with them."""

from pipeline.data import shards
from pipeline.data.shards import Shard


def split(lengths, size, weights=None):
    """The lengths of the shards of runs of these lengths."""
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    runs = [range(a, a + length) for a, length in zip(starts, lengths, strict=True)]
    found = shards.split(runs, size, weights)
    assert [row for shard in found for row in shard] == list(range(sum(lengths)))
    return [len(shard) for shard in found]


def test_runs_are_joined_as_long_as_they_fit():
    assert split([4, 4, 4, 2], 8) == [8, 6]
    assert split([4, 4, 4, 2], 7) == [4, 4, 6]
    assert split([9, 1, 1], 4) == [9, 2]  # a run is never torn apart
    assert split([], 4) == [] and split([3], 4) == [3]


def test_a_shard_has_no_more_bytes_than_are_sent_at_once(monkeypatch):
    monkeypatch.setattr(shards, "MOST_BYTES", 10)
    assert split([1] * 5, 4, [4, 4, 4, 11, 1]) == [2, 1, 1, 1]
    assert split([2, 2], 4, [5, 5, 0, 0]) == [4]


def test_there_are_three_shards_for_each_place_within_limits():
    assert shards.choose_size(3000, 2) == 500
    assert shards.choose_size(3001, 2) == 501
    assert shards.choose_size(150, 2) == shards.LEAST
    assert shards.choose_size(10**6, 4) == shards.MOST


def test_files_of_elsewhere_get_a_place_in_the_workers_folder():
    files = ["data/a.jpg", "/lab/a.jpg", "../b/a.jpg", "/lab/a.jpg"]
    assert shards.name_files(files) == {
        "data/a.jpg": "data/a.jpg",
        "/lab/a.jpg": "outside/1/a.jpg",
        "../b/a.jpg": "outside/2/a.jpg",
    }


def test_a_plan_is_read_as_it_was_written(tmp_path):
    made = shards.inputs(tmp_path, 0) / "data/images.csv"
    made.parent.mkdir(parents=True)
    made.touch()
    own = shards.list_own(shards.inputs(tmp_path, 0), {"/lab/a.jpg": "outside/0/a.jpg"})
    assert own == {"data/images.csv": str(made), "outside/0/a.jpg": "/lab/a.jpg"}
    plan = [Shard(["a"], {"x": "y"}, own, ["out"]), Shard([], {}, {}, [])]
    shards.write_plan(plan, tmp_path)
    assert shards.read_plan(tmp_path) == plan
    assert shards.list_results(tmp_path) == [shards.results(tmp_path, n) for n in range(2)]
    shards.write_plan([], tmp_path)
    assert shards.read_plan(tmp_path) == []
