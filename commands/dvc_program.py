"""DVC as a child of the program: `python -m commands.dvc_program repro`.

It ends with its parent, together with the stage that it runs, and writes dvc.lock whole or not at
all, where DVC itself writes over the old one for a second after every stage.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from dvc import cli
from dvc.stage import run as stage_run
from dvc.utils import strictyaml
from dvc.utils.serialize import _yaml

from commands import cluster_requests, lock_text, lockfile
from pipeline.system import errors, files, interruptions

Modify = Callable[..., AbstractContextManager[dict]]


def main() -> int:
    """Run DVC with this process's arguments; returns its exit code."""
    for number in interruptions.WORDS:
        signal.signal(number, end_group)
    interruptions.end_with_parent(signal.SIGTERM)
    _yaml._modify_data = modify_whole(_yaml._modify_data)
    strictyaml.parse_yaml = lock_text.parse
    if cluster_requests.SOCKET in os.environ:
        stage_run.cmd_run = cluster_requests.run_on_workers(stage_run.cmd_run)
    cli._log_exceptions = log_in_one_line(cli._log_exceptions)
    return cli.main(sys.argv[1:])


def end_group(number: int, frame: FrameType | None) -> None:
    """End this process and its stage, which are one group, without a word: the parent has it."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(128 + number)


def modify_whole(modify: Modify) -> Modify:
    """DVC's context that reads, hands out and rewrites a YAML file, but whole for dvc.lock."""

    @contextmanager
    def modify_lock(
        path: str | os.PathLike, parser: object, dumper: lock_text.Dump, fs: object = None
    ) -> Iterator[dict]:
        lock = Path(path).resolve()
        if lock.name != lockfile.LOCK:
            with modify(path, parser, dumper, fs) as data:
                yield data
            return
        old = lock.read_text(encoding="utf-8") if lock.exists() else ""
        data = lock_text.parse(old, path)
        before = dict(data.get("stages", {}))
        yield data
        new = lock_text.render(old, before, data, dumper)
        files.replace(lock, lambda part: part.write_text(new, encoding="utf-8"))
        lockfile.keep(lock)

    return modify_lock


def log_in_one_line(log: Callable[[Exception], Any]) -> Callable[[Exception], Any]:
    """DVC's function that prints an unexpected error, but without a traceback for a full disk."""

    def log_exception(error: Exception) -> int | None:
        message = errors.explain(error)
        if message is None:
            return log(error)
        print(message, file=sys.stderr)
        return 1

    return log_exception


if __name__ == "__main__":
    sys.exit(main())
