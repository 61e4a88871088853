"""One thin script a stage, run by DVC as `python -m stages.<word>`."""

from pipeline.system import machine

machine.share()  # before any stage imports torch
