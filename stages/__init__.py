"""One thin script per stage: load, call one function, save. DVC runs `python -m stages.<word>`."""

from pipeline.system import errors, machine

machine.limit_threads()  # before any stage imports torch
errors.print_user_errors()
