"""What was measured, and how: `python -m benchmarks.<word>`."""

import sys

from pipeline.system import errors, interruptions, machine

machine.limit_threads()  # before torch is imported, as in the stages
errors.print_user_errors()
if sys.argv[0] == "-m":  # a benchmark itself, and not an import of it
    interruptions.exit_on_signals()
