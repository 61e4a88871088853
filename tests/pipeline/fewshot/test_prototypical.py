import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.prototypical import Prototypical
from tests.pipeline.fewshot.learners import DIM, WAYS, episodes


def test_scores_are_distances_to_means():
    learner, given = Prototypical(encoders.vectors(DIM, 0)), episodes()
    told = learner.scores(given.support, given.queries, WAYS)
    for task in range(3):
        for query in range(given.queries.shape[1]):
            for way in range(WAYS):
                chosen = given.support.labels[task] == way
                mean = given.support.inputs[task][chosen].mean(dim=0)
                apart = (given.queries[task, query] - mean).square().sum() * DIM
                torch.testing.assert_close(told[task, query, way], -apart, rtol=1e-4, atol=1e-4)
