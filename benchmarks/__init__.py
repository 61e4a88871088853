"""What was measured, and how: `python -m benchmarks.<word>`."""

from pipeline.system import machine

machine.share()  # before torch is imported, as in the stages
