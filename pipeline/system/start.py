"""The start of a stage's process: its imports make no garbage worth looking for.

Python's collector looks again and again through what libraries make while they are imported, and at
every later collection of all objects. Without it, torch and the rest of `train` are imported in 5.3
CPU seconds instead of 6.2, SciPy and LightGBM in 1.4 instead of 1.6.
"""

import gc
import sys
from collections.abc import Callable


def begin_imports() -> None:
    """Look for no garbage until `run`."""
    gc.disable()


def run(main: Callable[..., None]) -> None:
    """Call a stage's function with the words of its command line, all imports behind it."""
    gc.freeze()
    gc.enable()
    main(*sys.argv[1:])
