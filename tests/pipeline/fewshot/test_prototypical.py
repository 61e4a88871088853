import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.prototypical import Prototypical
from tests.pipeline.fewshot.synthetic import DIM, WAYS, sample_episodes


def test_scores_are_negative_squared_distances_to_the_means():
    learner, episodes = Prototypical(encoders.residual(DIM, 0)), sample_episodes()
    scores = learner.score(episodes.support, episodes.queries, WAYS)
    for task in range(3):
        for query in range(episodes.queries.shape[1]):
            for way in range(WAYS):
                chosen = episodes.support.labels[task] == way
                mean = episodes.support.inputs[task][chosen].mean(dim=0)
                distance = (episodes.queries[task, query] - mean).square().sum() * DIM
                torch.testing.assert_close(
                    scores[task, query, way], -distance, rtol=1e-4, atol=1e-4
                )
