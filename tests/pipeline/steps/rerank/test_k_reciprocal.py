from tests.pipeline.steps.rerank.synthetic import SECTION, column, ranks, run


def test_the_score_is_that_of_the_search(member):
    """That score is the first one reversed: its fitted weight has to be 0."""
    table = member.evidence_of({SECTION.first: member.scores, "reciprocal": -member.scores})
    reranked = run(member, table, method="k_reciprocal", top=5)
    first = column(table, SECTION.first)
    inside = ranks(first) <= 5
    assert column(reranked, "k_reciprocal").to_dict() == (-first[inside]).to_dict()
    assert column(reranked, "reranked").equals(first)
