"""Training rows, galleries and queries of members, and the checks on embeddings."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data import gallery
from pipeline.data.gallery import KNOWN, LABELLED_NEW, TEST, UNSEEN, Embeddings
from pipeline.data.tables import NEW_WHALE
from pipeline.system.errors import UserError


@pytest.fixture
def folds() -> pd.DataFrame:
    """w1 in folds 0 and 1, w2 in fold 0 alone, new_whale in both, pseudo-labels for either member.

    a.jpg is in a part of its own.

    p0.jpg is for the member without fold 0, p1.jpg for the other. t.jpg is a test photograph,
    pseudo-labelled for both, and a duplicate of b.jpg (group 2).
    """
    rows = [
        ("a.jpg", "w1", 1, "", 0),
        ("b.jpg", "w1", 2, "", 1),
        ("c.jpg", "w2", 3, "", 0),
        ("d.jpg", "w2", 3, "", 0),
        ("e.jpg", "new_whale", 4, "", 0),
        ("f.jpg", "new_whale", 5, "", 1),
        ("p0.jpg", "w1", 6, "0", -1),
        ("p1.jpg", "w2", 7, "1", -1),
        ("t.jpg", "w1", 2, "0", -1),
        ("t.jpg", "w1", 2, "1", -1),
    ]
    table = pd.DataFrame(rows, columns=["image", "identity", "group", "only_fold", "fold"])
    return table.assign(part=[1, 0, 0, 0, 0, 0, -1, -1, -1, -1])


@pytest.fixture
def images() -> pd.DataFrame:
    return pd.DataFrame({"image": ["a.jpg", "x.jpg", "y.jpg"], "split": ["train", "test", "test"]})


def test_a_member_never_trains_on_its_fold(folds):
    assert set(gallery.training_rows(folds, 0)["image"]) == {"b.jpg", "f.jpg", "p0.jpg", "t.jpg"}
    assert set(gallery.training_rows(folds, 1)["image"]) == {
        "a.jpg",
        "c.jpg",
        "d.jpg",
        "e.jpg",
        "p1.jpg",
    }


def test_a_pseudo_labelled_duplicate_of_a_held_out_photograph_is_not_trained_on(folds):
    rows = gallery.training_rows(folds, 1)
    held_out_photographs = set(folds.loc[folds["fold"] == 1, "group"])
    assert 2 in held_out_photographs
    assert not held_out_photographs & set(rows["group"])


def test_a_query_is_compared_with_all_known_identities_but_its_part(folds):
    """Of c.jpg, its duplicate d.jpg is left out too; fold 1 has a single part."""
    assert gallery.gallery_rows(folds, 0, 0)["image"].tolist() == ["a.jpg", "b.jpg"]
    assert gallery.gallery_rows(folds, 0, 1)["image"].tolist() == ["b.jpg", "c.jpg", "d.jpg"]
    assert gallery.gallery_rows(folds, 1, 0)["image"].tolist() == ["a.jpg", "c.jpg", "d.jpg"]


def test_the_test_is_compared_with_everything_enrolled_photographs_among_it(folds):
    folds.loc[len(folds)] = ["own.jpg", "w3", 99, "", -1, -1]
    labelled = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert gallery.gallery_rows(folds)["image"].tolist() == [*labelled, "own.jpg"]
    assert "own.jpg" in set(gallery.gallery_rows(folds, 0, 0)["image"])


def test_the_trained_gallery_lies_outside_the_fold(folds):
    assert gallery.trained_gallery_rows(folds, 0)["image"].tolist() == ["b.jpg"]
    trained = set(gallery.training_rows(folds, 1)["image"])
    assert set(gallery.trained_gallery_rows(folds, 1)["image"]) <= trained


def random_folds(seed: int) -> pd.DataFrame:
    """60 photographs of 9 identities and new_whale, some with a duplicate, some enrolled."""
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, 45, 60))
    of_group = rng.integers(0, 10, (45, 3)), rng.integers(-1, 3, 45), rng.integers(0, 3, 45)
    identity, fold, part = of_group[0][group, 0], of_group[1][group], of_group[2][group]
    names = np.where(identity == 9, "new_whale", [f"w{i}" for i in identity])
    table = pd.DataFrame({"image": [f"{i}.jpg" for i in range(60)], "identity": names})
    part = np.where(fold < 0, -1, part)
    return table.assign(group=group, only_fold="", fold=fold, part=part)


@pytest.mark.parametrize("seed", range(5))
def test_galleries_are_those_of_a_loop_over_all_pairs(seed):
    """Query by query; no query meets itself or a duplicate of itself, and none is left out."""
    folds = random_folds(seed)
    queries = gallery.held_out_rows(folds, [0, 1, 2])
    test = gallery.test_rows(pd.DataFrame({"image": ["t.jpg"], "split": ["test"]}))
    queries = pd.concat([queries, test], ignore_index=True)
    places = folds.set_index("image")[["group", "fold", "part"]]
    found = 0
    for positions, rows in gallery.split_by_gallery(folds, queries):
        for query in queries.iloc[positions].itertuples():
            found += 1
            expected = [
                row.image
                for row in folds.itertuples()
                if row.identity != "new_whale"
                and not (row.fold == query.fold >= 0 and row.part == query.part)
            ]
            assert rows["image"].tolist() == expected
            if query.kind != TEST:
                assert places["group"][query.image] not in set(rows["group"])
            for name in ("w0", "w5", "w8", "unheard"):
                counted = gallery.count_photographs(
                    folds, queries.iloc[positions[:1]], np.array([name])
                )
                assert counted.tolist() == [(rows["identity"] == name).sum()]
            if query.kind == KNOWN:
                assert query.truth in set(rows["identity"])
            if query.kind == UNSEEN:
                assert folds.set_index("image")["identity"][query.image] not in set(
                    rows["identity"]
                )
    assert found == len(queries)


def test_a_single_photograph_of_a_fold_can_answer_the_test_and_no_held_out_query():
    """w1 has one photograph, which its fold's member never saw: it is a candidate for the test."""
    rows = [("a", "w1", 0, 0, 0), ("b", "w2", 1, 0, 1), ("c", "w2", 2, 1, 0), ("d", "w3", 3, 1, 1)]
    folds = pd.DataFrame(rows, columns=["image", "identity", "group", "fold", "part"])
    folds = folds.assign(only_fold="")
    assert "w1" not in set(gallery.trained_gallery_rows(folds, 0)["identity"])
    assert "w1" in set(gallery.gallery_rows(folds)["identity"])
    assert "w1" in set(gallery.gallery_rows(folds, 0, 1)["identity"])  # as another's candidate
    kinds = gallery.held_out_rows(folds, [0, 1]).set_index("image")["kind"]
    assert kinds.to_dict() == {"a": UNSEEN, "b": KNOWN, "c": KNOWN, "d": UNSEEN}


def test_photographs_of_the_truth_are_counted_in_the_querys_gallery():
    """w1 has three photographs, two of one fold in different parts."""
    rows = [("a", "w1", 0, 0), ("b", "w1", 0, 1), ("c", "w1", 1, 0), ("d", "w2", 0, 1)]
    folds = pd.DataFrame(rows, columns=["image", "identity", "fold", "part"])
    folds = folds.assign(only_fold="", group=range(4))
    queries = gallery.held_out_rows(folds, [0, 1])[["image", "truth"]]
    assert queries["truth"].tolist() == ["w1", "w1", NEW_WHALE, "w1"]
    assert gallery.count_of_truth(folds, queries).tolist() == [2, 2, 0, 2]
    whole = folds.assign(part=0)
    assert gallery.count_of_truth(whole, queries).tolist() == [1, 1, 0, 2]


def test_queries_are_the_held_out_images_then_those_of_the_test(folds, images):
    queries = gallery.query_rows(folds, images, 0)
    expected = [
        ("a.jpg", 1, KNOWN, "w1", 0, 1, "w1"),
        ("c.jpg", 3, UNSEEN, "new_whale", 0, 0, "w2"),
        ("d.jpg", 3, UNSEEN, "new_whale", 0, 0, "w2"),
        ("e.jpg", 4, LABELLED_NEW, "new_whale", 0, 0, "group 4"),
        ("x.jpg", -1, TEST, "", -1, -1, ""),
        ("y.jpg", -1, TEST, "", -1, -1, ""),
    ]
    assert [tuple(row) for row in queries.itertuples(index=False)] == expected
    assert list(queries.columns) == [
        *("image", "group", "kind", "truth", "fold", "part", "cluster")
    ]


def test_unlabelled_photographs_are_queries_like_those_of_the_test(folds, images):
    images.loc[images["image"] == "y.jpg", "split"] = "unlabelled"
    kinds = gallery.query_rows(folds, images, 0).set_index("image")["kind"]
    assert kinds["y.jpg"] == TEST


def test_the_kind_depends_on_the_querys_own_gallery(folds, images):
    """With fold 1 held out, a.jpg of b.jpg's identity is in the gallery, and w2."""
    kinds = gallery.query_rows(folds, images, 1).set_index("image")["kind"]
    assert kinds["b.jpg"] == KNOWN and kinds["f.jpg"] == LABELLED_NEW


def test_a_pseudo_labelled_photograph_is_trained_on_but_not_in_the_gallery(folds, images):
    """It is a test query itself: in the gallery it would find itself, as no held-out query can."""
    folds.loc[len(folds)] = ["p.jpg", "w2", 9, "0", -1, -1]
    assert "p.jpg" in set(gallery.training_rows(folds, 0)["image"])
    assert "p.jpg" not in set(gallery.gallery_rows(folds)["image"])
    kinds = gallery.query_rows(folds, images, 0).set_index("image")["kind"]
    assert kinds["c.jpg"] == UNSEEN


def test_held_out_rows_are_the_queries_of_all_folds(folds, images):
    together = gallery.held_out_rows(folds, [0, 1])
    apart = [gallery.query_rows(folds, images, fold) for fold in (0, 1)]
    apart = pd.concat([rows[rows["kind"] != TEST] for rows in apart], ignore_index=True)
    assert together.reset_index(drop=True).equals(apart)


def test_every_labelled_image_is_a_query_once(tiny):
    queries = gallery.held_out_rows(tiny.folds, [0, 1, 2])
    assert sorted(queries["image"]) == sorted(tiny.folds["image"])
    for fold in range(3):
        held = set(queries.loc[queries["fold"] == fold, "image"])
        assert not held & set(gallery.training_rows(tiny.folds, fold)["image"])


@pytest.fixture
def three() -> Embeddings:
    """Unit vectors at 0, 90 and 180 degrees."""
    vectors = np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    return Embeddings(np.array(["a.jpg", "b.jpg", "c.jpg"]), vectors)


def test_vectors_are_selected_by_name_in_the_given_order(three):
    wanted = pd.Series(["c.jpg", "a.jpg", "c.jpg"], index=[7, 8, 9])
    assert three.of(wanted).tolist() == [[-1, 0], [1, 0], [-1, 0]]


def test_an_image_without_an_embedding_is_named(three):
    with pytest.raises(UserError, match="z.jpg.*run the pipeline again"):
        three.of(pd.Series(["a.jpg", "z.jpg"], index=[7, 8]))


@pytest.mark.parametrize(
    "names, vectors, fault",
    [
        (["a", "b"], [[1, 0]], "2 names for 1 vectors"),
        (["a", "a"], [[1, 0], [0, 1]], "an image is embedded twice"),
        (["a", "b"], [[1, 0], [0, 0.9]], "lengths 0.900 to 1.000"),
        (["a", "b"], [[1, 0], [0, 0]], "lengths 0.000"),
        (["a", "b"], [[1, 0], [np.nan, 1]], "lengths nan"),
    ],
)
def test_faulty_embeddings_are_refused(names, vectors, fault):
    with pytest.raises(ValueError, match=fault):
        Embeddings(np.array(names), np.array(vectors, dtype=np.float32))


def test_embeddings_are_saved_and_loaded_without_pickle(three, tmp_path):
    path = tmp_path / "embeddings.npz"
    objects = Embeddings(three.names.astype(object), three.vectors)
    objects.save(path)
    loaded = Embeddings.load(path)
    assert loaded.names.tolist() == ["a.jpg", "b.jpg", "c.jpg"]
    assert np.array_equal(loaded.vectors, three.vectors) and loaded.vectors.dtype == np.float32
    with np.load(path, allow_pickle=False) as file:
        assert all(file[key].dtype != object for key in file.files)
    assert [file.name for file in tmp_path.iterdir()] == ["embeddings.npz"]


def test_the_same_embeddings_are_the_same_bytes(three, tmp_path):
    three.save(tmp_path / "first.npz")
    three.save(tmp_path / "second.npz")
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()


def peers_of(counts: dict[str, int], kind: str = gallery.KNOWN) -> pd.DataFrame:
    names = [name for name, count in counts.items() for _ in range(count)]
    images = [f"{number}.jpg" for number in range(len(names))]
    return pd.DataFrame({"image": images, "kind": kind, "cluster": names})


def test_few_named_queries_are_all_compared_with_each_other():
    rows = peers_of({"a": 2, "b": 1})
    new = peers_of({"group 1": 1}, gallery.LABELLED_NEW)
    assert gallery.choose_peers(pd.concat([rows, new])).equals(rows)


def test_of_many_queries_whole_individuals_are_chosen(monkeypatch):
    monkeypatch.setattr(gallery, "MOST_PEERS", 10)
    rows = peers_of({f"w{number}": 1 + number % 4 for number in range(40)})
    chosen = gallery.choose_peers(rows)
    assert 10 <= len(chosen) < 14
    whole = rows[rows["cluster"].isin(chosen["cluster"])]
    assert chosen.equals(whole)
    shuffled = gallery.choose_peers(rows.sample(frac=1, random_state=1))
    assert set(shuffled["image"]) == set(chosen["image"])


def test_all_queries_of_the_test_are_compared(monkeypatch):
    monkeypatch.setattr(gallery, "MOST_PEERS", 3)
    rows = peers_of({"": 9}, gallery.TEST)
    assert gallery.choose_peers(rows).equals(rows)
