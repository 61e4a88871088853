"""The decisions of a running review: data/review.csv in memory, and how new ones get into it.

Reviewers who decide at the same time share one check and one write. A check resolves only the
labels that the new decisions can change. Another program may change the files at any time: then
they are read anew, and the next decision is checked with all of them.
"""

import contextlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts
from pipeline.data.pseudo_table import read_pseudo_labels
from pipeline.data.tables import NEW_WHALE, is_pseudo
from pipeline.review.scope import KEYS, Scope, pair_photographs
from pipeline.review.state import UNNAMED
from pipeline.steps.labels import labels, record
from pipeline.steps.labels.verdicts import select_verdicts

LOCK = paths.WORK / "review.lock"
FILES = (paths.IMAGES, paths.GROUPS, paths.PSEUDO, paths.REVIEW)

Decision = dict[str, str]


class Waiting:
    """Decisions that are to be written together, and what became of them."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self.decisions = decisions
        self.is_done = False
        self.error: Exception | None = None


class Ledger:
    """The decisions of data/review.csv, for many threads at once.

    policy : labels.conflicts, by which a decision is checked before it is written
    """

    def __init__(self, policy: str) -> None:
        self._policy = policy
        self._turn = threading.Condition()  # to write; its lock is that of the queue
        self._queue: list[Waiting] = []
        self._is_writing = False
        self._lock = threading.Lock()  # of all that was read
        self._stamps: list[tuple[int, ...]] = []
        self._texts: dict[tuple[str, ...], str] = {}
        self._json: bytes | None = None
        self._rows: list[Decision] = []
        self._before: pd.Series[str] | None = None  # the names without decisions

    def current(self) -> bytes:
        """The last decision on every pair as JSON, undone ones left out.

        Raises UserError if a file can't be read.
        """
        with self._lock:
            self._refresh()
            if self._json is None:  # those whose decisions were written together share it
                self._json = f"[{','.join(text for text in self._texts.values() if text)}]".encode()
            return self._json

    def prepare(self) -> None:
        """Read and check everything, which the first decision would have to wait for."""
        with self._lock, contextlib.suppress(ValueError):  # a decision will be answered by it
            self._refresh()
            self._check([])
            self._is_sound = True

    def rows(self) -> list[Decision]:
        """All rows of the file, in their order. Raises UserError if a file can't be read."""
        with self._lock:
            self._refresh()
            return self._rows.copy()

    def verdicts(self) -> pd.DataFrame:
        """The decisions that hold, as `select_verdicts`. Raises UserError as `rows`."""
        with self._lock:
            self._refresh()
            images, decisions = self._tables[0], pd.DataFrame(self._rows, columns=KEYS, dtype=str)
        return select_verdicts(decisions, images)

    def resolve_names(self) -> tuple["pd.Series[str]", "pd.Series[str]"]:
        """The names of all labelled photographs, without the decisions and with them.

        A photograph of new_whale has a name of its own, with its duplicates: it is no individual.
        Raises UserError if the decisions contradict each other, or a file can't be read.
        """
        with self._lock:
            self._refresh()
            tables, rows, before = self._tables, self._rows.copy(), self._before
        if before is None:
            before = self._before = self._resolve(tables, [])
        return before, self._resolve(tables, rows) if rows else before

    def would_rename(self, *decisions: Decision) -> bool:
        """Whether these decisions would change a name. Raises UserError as `resolve_names`."""
        with self._lock:
            self._refresh()
            tables, rows = self._tables, self._rows.copy()
        now = self._resolve(tables, rows)
        return not now.equals(self._resolve(tables, [*rows, *decisions]))

    def _resolve(self, tables: tuple[pd.DataFrame, ...], rows: list[Decision]) -> "pd.Series[str]":
        images, groups, pseudo = tables
        decisions = pd.DataFrame(rows, columns=KEYS, dtype=str)
        table = labels.resolve_labels(images, groups, self._policy, decisions, pseudo)
        table = table[~is_pseudo(table)].set_index("image")
        own = UNNAMED + table["group"].astype(str)
        return table["identity"].where(table["identity"] != NEW_WHALE, own)

    def add(self, *decisions: Decision) -> None:
        """Write decisions, all or none; they are on the disk when this returns.

        Raises ValueError if they contradict earlier ones or a file can't be read, and OSError if
        they can't be written.
        """
        waiting = Waiting(decisions)
        with self._turn:
            self._queue.append(waiting)
            self._turn.wait_for(lambda: waiting.is_done or not self._is_writing)
            queue = [] if waiting.is_done else self._take_queue()
        if queue:  # whoever comes first writes for all who wait
            self._write_queue(queue)
        if waiting.error:
            raise waiting.error

    def _take_queue(self) -> list[Waiting]:
        self._is_writing = True
        queue, self._queue = self._queue, []
        return queue

    def _write_queue(self, queue: list[Waiting]) -> None:
        try:
            with self._lock, record.lock(LOCK):
                self._refresh()
                accepted = self._select_accepted(queue, [])
                self._write([row for waiting in accepted for row in waiting.decisions])
        except Exception as error:  # everyone who waits gets an answer
            for waiting in queue:
                waiting.error = waiting.error or error
        finally:
            with self._turn:
                for waiting in queue:
                    waiting.is_done = True
                self._is_writing = False
                self._turn.notify_all()

    def _select_accepted(self, queue: list[Waiting], accepted: list[Waiting]) -> list[Waiting]:
        """Add to `accepted` those of the queue that agree with it: all at once, or by halves."""
        try:
            self._check([row for waiting in (*accepted, *queue) for row in waiting.decisions])
            return [*accepted, *queue]
        except ValueError as error:
            if len(queue) == 1:
                queue[0].error = error
                return accepted
        middle = len(queue) // 2
        accepted = self._select_accepted(queue[:middle], accepted)
        return self._select_accepted(queue[middle:], accepted)

    def _check(self, decisions: list[Decision]) -> None:
        """Resolve the labels that the decisions can change. Raises ValueError if that fails."""
        if self._is_sound:
            named = {decision[key] for decision in decisions for key in KEYS[:2]}
            photographs = self._scope.reach(named)
            images, groups, pseudo = self._scope.select_tables(photographs)
            past = self._scope.select_decisions(photographs)
        else:
            images, groups, pseudo = self._tables
            past = self._record
        rows = range(self._next, self._next + len(decisions))
        added = pd.DataFrame(decisions, columns=KEYS, index=rows)
        labels.resolve_labels(images, groups, self._policy, pd.concat([past, added]), pseudo)

    def _write(self, decisions: list[Decision]) -> None:
        if not decisions:
            return
        record.append_decisions(decisions, paths.REVIEW)
        for decision in decisions:
            self._note(decision)
        self._is_sound = True  # they were checked with all that was there
        self._stamps[FILES.index(paths.REVIEW)] = stamp(paths.REVIEW)

    def _note(self, decision: Decision) -> None:
        self._scope.note(self._next + 2, decision)
        self._rows.append(decision)
        text = "" if decision["decision"] == "undo" else json.dumps(decision)
        self._texts[pair_photographs(decision)] = text
        self._json = None
        self._next += 1

    def _refresh(self) -> None:
        """Read the files if they are not as they were left."""
        stamps = [stamp(file) for file in FILES]
        if stamps == self._stamps:
            return
        images, groups = artefacts.load_images(), artefacts.load_groups()
        self._tables = (images, groups, read_pseudo_labels(paths.PSEUDO))
        decisions = record.read_decisions(paths.REVIEW)
        self._record = decisions[KEYS]
        self._scope = Scope(*self._tables)
        self._texts, self._json = {}, None
        self._rows, self._before = [], None
        for row, decision in zip(decisions.index, decisions.to_dict("records"), strict=True):
            self._next = row
            self._note({str(key): str(value) for key, value in decision.items()})
        self._next = int(decisions.index.max()) + 1 if len(decisions) else 0
        self._is_sound = False  # until all of it was checked
        self._stamps = stamps


def stamp(file: Path) -> tuple[int, ...]:
    """What changes when a file is written anew; empty if there is none."""
    if not file.exists():
        return ()
    status = file.stat()
    return (status.st_ino, status.st_size, status.st_mtime_ns)
