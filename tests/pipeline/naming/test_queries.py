"""The catalogue's own photographs as queries: known ones, and as new individuals."""

import pandas as pd

from pipeline.data.gallery import KNOWN, UNSEEN
from pipeline.naming import queries
from pipeline.naming.gallery import Known


def build(identities, groups=None):
    images = [f"p{i}" for i in range(len(identities))]
    rows = pd.DataFrame({"image": images, "identity": identities})
    rows = rows.assign(group=groups or range(len(images)), only_fold="", fold=-1, part=-1)
    return Known(rows, {}, {}, {})


def test_a_photograph_is_never_compared_with_itself_and_a_new_one_with_its_individual():
    found = queries.build_catalogue_queries(build(["a", "a", "b", "c", "c", "c"]))
    known = {query.image: query for query in found if query.kind == KNOWN}
    new = {query.image: query for query in found if query.kind == UNSEEN}
    assert set(known) == {"p0", "p1", "p3", "p4", "p5"}  # b has a single photograph
    assert all(query.left_out == (image,) for image, query in known.items())
    assert known["p3"].truth == "c" and new["p3"].truth == "new_whale"
    assert new["p3"].left_out == ("p3", "p4", "p5") and new["p2"].left_out == ("p2",)


def test_a_photograph_of_two_individuals_and_two_individuals_alone_teach_nothing():
    found = queries.build_catalogue_queries(build(["a", "a", "b", "b"], [0, 1, 1, 2]))
    assert {query.image for query in found} == {"p0", "p3"}  # p1 and p2 are one file
    assert {query.kind for query in found} == {KNOWN}


def test_large_catalogues_are_sampled_in_the_same_way_every_time(monkeypatch):
    monkeypatch.setattr(queries, "MAX_KNOWN", 5)
    monkeypatch.setattr(queries, "MAX_NEW", 4)
    known = build([f"{i // 3}" for i in range(30)] + ["x", "y"])
    first, second = (queries.build_catalogue_queries(known) for _ in range(2))
    assert first == second and len(first) == 9
    assert {"p30", "p31"} <= {query.image for query in first if query.kind == UNSEEN}


def test_a_thorough_answer_adds_photographs_to_those_of_a_quick_one(monkeypatch):
    monkeypatch.setattr(queries, "MAX_KNOWN", 5)
    monkeypatch.setattr(queries, "MAX_NEW", 4)
    monkeypatch.setattr(queries, "MORE_KNOWN", 3)
    known = build([f"{i // 3}" for i in range(12)] + ["x", "y"])
    quick = queries.build_catalogue_queries(known)
    thorough = queries.build_catalogue_queries(known, thorough=True)
    assert len(set(thorough)) == len(thorough) and set(quick) < set(thorough)
    kinds = [query.kind for query in thorough]
    assert kinds == [KNOWN] * 8 + [UNSEEN] * 14  # MORE_NEW is more than there are


def test_two_individuals_have_no_new_ones_in_a_thorough_answer_either():
    found = queries.build_catalogue_queries(build(["a", "a", "b"]), thorough=True)
    assert {query.kind for query in found} == {KNOWN}
