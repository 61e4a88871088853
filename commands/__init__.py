"""The program `tailprint`, one file per command."""

import signal
import sys
from pathlib import Path

from pipeline.system import children, interruptions, machine

# before any command imports torch; as in the stages, so that both give the same bytes
machine.limit_threads()
# the program itself, `tailprint` or `python -m commands`, and not an import of it
as_module = sys.argv[0] == "-m" and "commands" in sys.orig_argv
if as_module or Path(sys.argv[0]).stem == "tailprint":
    interruptions.exit_on_signals()
    if children.is_started():
        interruptions.end_with_parent(signal.SIGTERM)
