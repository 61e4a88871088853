"""The program `tailprint`, one file per command."""

from pipeline.system import machine

# before any command imports torch; as in the stages, so that both give the same bytes
machine.limit_threads()
