"""What was measured, and how: `python -m benchmarks.<word>`."""

from pipeline.system import errors, machine

machine.limit_threads()  # before torch is imported, as in the stages
errors.print_user_errors()
