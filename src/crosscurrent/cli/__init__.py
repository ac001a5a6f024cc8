"""The command line: reads what was typed, calls the other rooms, prints what they say. No physics."""

from crosscurrent.cli.app import app, main

__all__ = ["app", "main"]
