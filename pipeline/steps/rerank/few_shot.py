"""Re-ranking by a few-shot learner that is trained on held-out queries and their candidates."""

from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from pipeline.data.gallery import KNOWN
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.fewshot.fit import FitSettings, fit
from pipeline.fewshot.learner import Learner
from pipeline.steps.rerank.candidate_tasks import CandidateTasks, random_orders
from pipeline.steps.rerank.candidates import Candidates
from pipeline.steps.rerank.few_shot_learners import build_learner
from pipeline.steps.rerank.reranker import Reranker

QUERIES_AT_ONCE = 64


class FewShot(Reranker):
    """The learner's score of every candidate: every query with its candidates is one small task.

    A learner is trained on the known queries of the other parts whose individual is among their
    candidates. It stays untrained if there are none. Their support sets lack this part's
    photographs, whose labels these would give away.
    """

    def score(self, top: Candidates, queries: pd.DataFrame, cross_fit: CrossFit) -> np.ndarray:
        right = top.find(queries["truth"].to_numpy())
        tasks = CandidateTasks(top, self._load(), self.inputs.embeddings.rows(top.queries), right)
        usable = (queries["kind"] == KNOWN).to_numpy() & right.any(axis=1)
        scores = np.full(top.scores.shape, -np.inf)
        for train, score in cross_fit:
            blind = tasks.without(tasks.query_rows[score])
            learner = self._train(blind, np.flatnonzero(usable & train & blind.has_right()))
            score_queries(learner, tasks, np.flatnonzero(score), self.params.seed, scores)
        return scores

    def _load(self) -> Tensor:
        """Vectors or small crops of all photographs."""
        settings = self.params.fewshot
        if settings.input == "crops":
            return torch.from_numpy(self.inputs.load_crops(settings.crop_height))
        return torch.from_numpy(self.inputs.embeddings.vectors)

    def _train(self, tasks: CandidateTasks, queries: np.ndarray) -> Learner:
        """A learner for the tasks, trained on those of some queries."""
        params, seed = self.params, self.params.seed
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            shape = tuple(tasks.inputs.shape[1:])
            learner = build_learner(params, shape, tasks.ways, tasks.identities)
        if len(queries):
            sample = partial(tasks.sample, queries, params.fewshot.tasks, seed)
            settings = FitSettings(params.fewshot.steps, params.fewshot.learning_rate)
            fit(learner, sample, settings, params.method)
        return learner.eval()


@torch.no_grad()
def score_queries(
    learner: Learner, tasks: CandidateTasks, queries: np.ndarray, seed: int, scores: np.ndarray
) -> None:
    """Write the learner's scores of these queries into their rows of `scores`, q x top."""
    order = random_orders(len(scores), tasks.ways, np.random.default_rng(seed))
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        chosen = queries[start : start + QUERIES_AT_ONCE]
        task = tasks.build(chosen, order[chosen])
        predicted = learner.score(task.support, task.queries, task.ways)[:, 0].numpy()
        scores[chosen[:, None], order[chosen]] = predicted
