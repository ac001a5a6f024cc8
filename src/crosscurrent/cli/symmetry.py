"""`symmetry`: what a magnetic group allows."""

from __future__ import annotations

from pathlib import Path

import click


# names of groups begin with a minus as well: -3'm' is no option
@click.command(context_settings={"ignore_unknown_options": True}, epilog='Example:  crosscurrent symmetry "3m\'"')
@click.argument("group")
@click.option("--tensor", "-t", "tensors", multiple=True, help="Only this tensor, e.g. upsilon1 (may be repeated).")
@click.option("--site", "-s", "sites", type=int, multiple=True, help="Also on this atom, from 0 (structures only).")
@click.option("--dim", type=click.IntRange(2, 3), help="2 leaves out fields and currents along z.")
@click.option("--axis", type=click.Choice(["x", "y", "z"]), help="Where the z axis of a named group points.")
def symmetry(group: str, tensors: tuple[str, ...], sites: tuple[int, ...], dim: int | None, axis: str | None) -> None:
    """Print the allowed form of the response tensors under a magnetic GROUP, as matrices of letters.

    GROUP is the name of a magnetic point group ("3m'", "mm21'", "-3'm'"), or a TOML file: a job with a table
    [symmetry], or a file with the keys of that table, where a structure (lattice, positions, species, moments) may
    stand for the name. Equal letters are equal numbers, 0 is forbidden.
    """
    from crosscurrent.jobs.questions import SymmetryTable
    from crosscurrent.jobs.symmetry import group_of, load_symmetry
    from crosscurrent.responses.symmetry import DESCRIBED, describe

    if group.endswith(".toml"):
        if axis is not None:
            raise click.UsageError("--axis belongs to a group by name; write axis = ... into the file")
        table = load_symmetry(Path(group))
    else:
        table = SymmetryTable(group=group, axis=axis)  # type: ignore[arg-type]
    text = describe(group_of(table, dim), tensors or DESCRIBED, dim or table.dim or 3, sites=list(sites) or None)
    click.echo(text)
