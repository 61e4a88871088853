"""What a person runs, as `python -m commands.<word>`."""

from pipeline.system import machine

machine.share()  # before any command imports torch: as the stages, so that both give the same bytes
