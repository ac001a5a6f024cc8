"""The help of every command, as the command prints it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from crosscurrent.cli.app import COMMANDS, app


def page() -> str:
    """The reference in MyST."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    group = click.Context(app, info_name="crosscurrent", terminal_width=96)
    yield from ("```text", app.get_help(group), "```", "")
    for name in COMMANDS:
        command = app.get_command(group, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=group, terminal_width=96)
        yield from (f"## crosscurrent {name}", "", "```text", command.get_help(context), "```", "")
        for inner, below in getattr(command, "commands", {}).items():
            deeper = click.Context(below, info_name=inner, parent=context, terminal_width=96)
            yield from ("```text", below.get_help(deeper), "```", "")
