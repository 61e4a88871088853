"""What the program prints: the library's messages, and its own while it works."""

import logging

import typer


class Terminal(logging.Handler):
    """Prints messages to stderr, without a prefix."""

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record))


def print_messages() -> None:
    """Print what the library logs."""
    logger = logging.getLogger("pipeline")
    logger.setLevel(logging.INFO)
    if not logger.handlers:
        logger.addHandler(Terminal())


def say(line: str) -> None:
    """Print a line to stderr."""
    typer.echo(line, err=True)
