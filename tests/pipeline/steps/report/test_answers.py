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
TESTED = pd.DataFrame({"image": ["t.jpg"], "ranking": [["new_whale", "w_2"]]})
POSTERIORS = pd.DataFrame(
    [("a.jpg", "w_1", 0.9), ("b.jpg", "w_1", 0.8), ("b.jpg", "new_whale", 0.2)]
    + [("c.jpg", "w_2", 0.6), ("t.jpg", "new_whale", 0.5)],
    columns=["query", "identity", "posterior"],
)


def listed() -> pd.DataFrame:
    return answers.listed(RANKINGS, TESTED, POSTERIORS)


def test_every_query_lists_its_answers_in_order():
    table = listed()
    assert table.columns.tolist() == answers.COLUMNS
    own = table[table["query"] == "b.jpg"]
    assert own["identity"].tolist() == ["w_1", "new_whale"] and own["place"].tolist() == [0, 1]
    assert own["posterior"].tolist() == [0.8, 0.2]
    asked = table[table["query"] == "t.jpg"]
    assert set(asked["kind"]) == {"test"} and set(asked["truth"]) == {""}


def test_a_label_that_fills_the_list_up_has_no_posterior():
    table = listed().set_index(["query", "identity"])["posterior"]
    assert table["a.jpg", "new_whale"] == 0 and table["t.jpg", "w_2"] == 0


def test_wrong_answers_come_first_and_then_the_least_sure():
    """b is wrong, t (of which nothing is known) is less sure than c and a."""
    assert set(answers.most_telling(listed(), 1)["query"]) == {"b.jpg"}
    assert set(answers.most_telling(listed(), 2)["query"]) == {"b.jpg", "t.jpg"}
    every = answers.most_telling(listed(), 10)
    pd.testing.assert_frame_equal(every, listed())
