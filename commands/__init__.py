"""The program `tailprint`, one file per command."""

from pipeline.system import machine

machine.share()  # before any command imports torch: as the stages, so that both give the same bytes
