"""The library's messages, printed by the program."""

import logging

import typer


class Terminal(logging.Handler):
    """Prints messages to stderr, without a prefix."""

    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(self.format(record), err=True)


def print_messages() -> None:
    """Print what the library logs."""
    logger = logging.getLogger("pipeline")
    logger.setLevel(logging.INFO)
    if not logger.handlers:
        logger.addHandler(Terminal())
