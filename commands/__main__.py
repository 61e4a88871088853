"""`python -m commands`, the program in a checkout that is not installed."""

from commands.main import app

app(prog_name="tailprint")
