import pandas as pd

from pipeline.steps.report import answers

RANKINGS = pd.DataFrame(
    {
        "image": ["a.jpg", "b.jpg", "c.jpg"],
        "kind": ["known", "unseen", "known"],
        "truth": ["w_1", "new_whale", "w_2"],
        "fold": [0, 0, 1],
        "ranking": ["w_1 new_whale", "w_1 new_whale", "w_2 w_1"],
    }
)
TEST_ANSWERS = pd.DataFrame({"image": ["t.jpg"], "ranking": [["new_whale", "w_2"]]})
POSTERIORS = pd.DataFrame(
    [("a.jpg", "w_1", 0.9), ("b.jpg", "w_1", 0.8), ("b.jpg", "new_whale", 0.2)]
    + [("c.jpg", "w_2", 0.6), ("t.jpg", "new_whale", 0.5)],
    columns=["query", "identity", "posterior"],
)


def list_all() -> pd.DataFrame:
    return answers.list_answers(RANKINGS, TEST_ANSWERS, POSTERIORS)


def test_every_query_lists_its_answers_in_order():
    table = list_all()
    assert table.columns.tolist() == answers.COLUMNS
    rows = table[table["query"] == "b.jpg"]
    assert rows["identity"].tolist() == ["w_1", "new_whale"] and rows["place"].tolist() == [0, 1]
    assert rows["posterior"].tolist() == [0.8, 0.2]
    tests = table[table["query"] == "t.jpg"]
    assert set(tests["kind"]) == {"test"} and set(tests["truth"]) == {""}


def test_a_label_that_fills_the_list_up_has_no_posterior():
    table = list_all().set_index(["query", "identity"])["posterior"]
    assert table["a.jpg", "new_whale"] == 0 and table["t.jpg", "w_2"] == 0


def test_wrong_answers_come_first_and_then_the_least_certain():
    """b is wrong; t, whose truth is not known, is less certain than c and a."""
    assert set(answers.select_queries(list_all(), 1)["query"]) == {"b.jpg"}
    assert set(answers.select_queries(list_all(), 2)["query"]) == {"b.jpg", "t.jpg"}
    everything = answers.select_queries(list_all(), 10)
    pd.testing.assert_frame_equal(everything, list_all())


def test_queries_are_counted_by_their_first_answers():
    """Held out, a and c are right and b is wrong; t is new with a posterior of just .5."""
    counts = answers.count_kinds(list_all())
    assert counts == {"named": 0, "new": 1, "unsure": 0, "right": 2, "wrong": 1, "suspect": 0}
    sure = list_all().assign(posterior=0.9)
    assert answers.count_kinds(sure)["suspect"] == 1
    unsure = answers.count_kinds(list_all().assign(posterior=0.49))
    assert unsure["unsure"] == 1 and unsure["new"] == 0
    named = list_all().replace({"identity": {"new_whale": "w_3"}})
    assert answers.count_kinds(named)["named"] == 1
    assert set(answers.count_kinds(list_all().iloc[:0]).values()) == {0}
