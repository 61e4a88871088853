"""One thin script per stage: load, call one function, save. DVC runs `python -m stages.<word>`."""

import sys

from pipeline.system import errors, interruptions, machine, start

machine.limit_threads()  # before any stage imports torch
errors.print_user_errors()
if sys.argv[0] == "-m":  # a stage itself, and not an import of it
    start.begin_imports()
    interruptions.exit_on_signals()
    interruptions.end_with_parent()
    interruptions.end_with_grandparent_behind_a_shell()
