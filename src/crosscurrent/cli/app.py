"""The command `crosscurrent`. Each subcommand is imported only when it is asked for, so that --help is quick."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from crosscurrent import __version__

#: subcommand -> (module of this room, function, line in the list)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "run": ("run", "run", "Run a job and write its result."),
    "combine": ("share", "combine", "Sum the shares of a job that `run --chunk` has done."),
    "check": ("run", "check", "Check a job file without running it."),
    "plot": ("show", "plot", "Draw a result."),
    "explain": ("show", "explain", "Say what is in a result."),
    "export": ("show", "export", "Write a result as text columns."),
    "report": ("report", "report", "Make one web page of a result, with figures to zoom into."),
    "cite": ("report", "cite", "Print what to cite for a result, as BibTeX."),
    "models": ("models", "models", "List the built-in materials, metals, lattices and crystals with their sources."),
    "convert": ("convert", "convert", "Make a record of polar modes from a phonopy calculation, or a published model."),
    "symmetry": ("symmetry", "symmetry", "Say which tensor components a magnetic group allows."),
    "inspect": ("models", "inspect", "Look at Wannier90 files: are they sound, what do they hold?"),
    "reproduce": ("reproduce", "reproduce", "Redo the figures of a paper and compare."),
    "version": ("app", "version", "Print the version."),
}


class App(click.Group):
    """Loads subcommands late, and turns errors into one line and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"crosscurrent.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" (did you mean '{near[0]}'?)" if near else ""
            ctx.fail(f"no command '{args[0]}'{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            # the last one is `... | head`: click leaves quietly
            raise
        except KeyboardInterrupt:
            long = ctx.invoked_subcommand in ("run", "reproduce")
            click.echo("stopped; run the same command again to resume" if long else "stopped", err=True)
            sys.exit(130)
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            _report(error)


def printable(text: str) -> str:
    """Words of a file, without the control characters that would steer the terminal."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text)


def _report(error: Exception) -> None:
    """Print one line and leave: 2 for bad input, 1 for anything that should not have happened."""
    # imported late: it brings scipy, which --help does without
    from crosscurrent.units import InputError

    if isinstance(error, InputError):
        click.echo("error: " + printable(" ".join(str(error).split())), err=True)
        sys.exit(2)
    if isinstance(error, MemoryError):
        click.echo("error: out of memory; use fewer workers or a machine with more (see --dry-run)", err=True)
        sys.exit(1)
    if type(error).__name__ == "PiecesError":
        click.echo(f"error: {error}", err=True)
        click.echo("run the same command again to try these once more", err=True)
        sys.exit(1)
    text = " ".join(f"{type(error).__name__}: {error}".split())
    click.echo(f"error: unexpected {text}", err=True)
    click.echo("this is a bug: please report it with the output of: crosscurrent --debug <the same command>", err=True)
    sys.exit(1)


@click.group(
    cls=App,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with:  crosscurrent models bi2se3 --job > job.toml;  crosscurrent run job.toml -o out.nc;  "
    "crosscurrent plot out.nc -o out.png",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.version_option(__version__, message="%(prog)s %(version)s")
def app(debug: bool) -> None:
    """Spin currents and spin generation of electrons in an electric field.

    Which spin Hall current flows, in every definition side by side; how much spin a field that varies in time
    generates, where, and in which direction; which spin current soft phonons mediate in a metal; where heat and
    polarization gather in a ferroelectric slab in a magnetic field.

    A job file (TOML) names a model and a question; `run` answers it into a netCDF file that carries units, index order,
    errors and its own history; `plot` and `explain` read that file.
    """


@click.command()
def version() -> None:
    """Print the version, and the commit when run from a checkout.

    Example:  crosscurrent version
    """
    from crosscurrent.results.schema import package_version, source_commit

    commit = source_commit()
    click.echo(f"crosscurrent {package_version()}" + (f" (commit {commit})" if commit else ""))


def main(args: Sequence[str] | None = None, **extra: Any) -> Any:
    """Entry point of the console script. args: instead of those typed; extra: for click."""
    return app.main(args, prog_name="crosscurrent", **extra)
