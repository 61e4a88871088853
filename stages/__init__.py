"""One thin script per stage: load, call one function, save. DVC runs `python -m stages.<word>`."""

from pipeline.system import machine

machine.share()  # before any stage imports torch
