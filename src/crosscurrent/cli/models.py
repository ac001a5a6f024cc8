"""`models` and `inspect`: what can be asked."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from crosscurrent.models.materials.registry import Material


@click.command(epilog="Example:  crosscurrent models bi2se3 --job > job.toml")
@click.argument("key", required=False)
@click.option("--job", is_flag=True, help="Print a first job for KEY.")
@click.option(
    "--response",
    help="What that job asks, e.g. edelstein  [default: spin_hall; phonon_spin of metals, ferron_hall of lattices].",
)
def models(key: str | None, job: bool, response: str | None) -> None:
    """List what is built in, or tell all about the one named KEY: source, parameters with units."""
    from crosscurrent.jobs import crystal, lattice, protocols
    from crosscurrent.jobs.metal import description
    from crosscurrent.jobs.model import entry as entry_of
    from crosscurrent.models.effective_hamiltonian import EFFECTIVE_HAMILTONIANS
    from crosscurrent.models.local_mode_file import local_mode, local_mode_names
    from crosscurrent.models.materials.registry import catalogue
    from crosscurrent.models.paraelectric_metal import METALS
    from crosscurrent.models.phonopy_data import phonopy_names

    if key is None:
        if job:
            raise click.UsageError("--job needs the key of a material")
        known = catalogue()
        width = max(len(name) for name in known)
        for name, entry in known.items():
            click.echo(f"{name:<{width}}  {entry.dim}D  {entry.title}")
            click.echo(_source(entry.source, width + 6))
        click.echo("\nMetals with soft phonons, for phonon_spin, phonon_currents and crossover_map:")
        for name, make in METALS.items():
            click.echo(f"{name:<{width}}  3D  {description(make())}")
            click.echo(_source(make().source, width + 6))
        click.echo("\nLattices of polar modes, for ferron_hall, hysteresis, heating, domain_wall and switching_path:")
        for name in local_mode_names():
            click.echo(f"{name:<{width}}  3D  {lattice.description(local_mode(name))}")
            click.echo(_source(local_mode(name).source, width + 6))
        click.echo("\nEffective Hamiltonians, for hysteresis, heating, domain_wall and switching_path:")
        for name in EFFECTIVE_HAMILTONIANS:
            click.echo(f"{name:<{width}}  3D  {protocols.details(name)[0]}")
            click.echo(_source(EFFECTIVE_HAMILTONIANS[name]().source, width + 6))
        click.echo("\nCrystals, for phonon_dispersion and convert phonopy:")
        for name in phonopy_names():
            click.echo(f"{name:<{width}}  3D  {crystal.details(name)[0]}")
            click.echo(_source(crystal.details(name)[1], width + 6))
        return
    if key in phonopy_names():
        text = crystal.starter_job(key).to_toml().rstrip("\n") if job else ""
        click.echo(text or f"{key}: " + "\n  ".join(crystal.details(key)))
        return
    if key in EFFECTIVE_HAMILTONIANS:
        text = protocols.starter_job(key, response or "hysteresis").to_toml().rstrip("\n") if job else ""
        click.echo(text or f"{key}: " + "\n  ".join(protocols.details(key)))
        return
    if key in local_mode_names():
        click.echo(_lattice_job(key, response) if job else f"{key}: " + "\n  ".join(lattice.details(key)))
        return
    if key in METALS:
        click.echo(_metal_job(key, response) if job else _metal_details(key), nl=False)
        return
    entry = entry_of(key)
    click.echo(_job(entry, response or "spin_hall") if job else _details(entry), nl=False)


def _source(text: str, indent: int) -> str:
    return textwrap.fill(text, 100, initial_indent=" " * indent, subsequent_indent=" " * indent)


def _job(entry: Material, response: str) -> str:
    from crosscurrent.jobs.plan import starter_job

    text = starter_job(entry, response).to_toml()
    if entry.needs_cutoff and 'kind = "plane"' not in text:
        return "# The cutoff belongs to the answer: repeat with a larger one and see what stays.\n" + text
    return text


def _metal_job(key: str, response: str | None) -> str:
    from crosscurrent.jobs.plan import starter_metal_job

    return starter_metal_job(key, response or "phonon_spin").to_toml()


def _lattice_job(key: str, response: str | None) -> str:
    from crosscurrent.jobs.plan import starter_lattice_job

    return starter_lattice_job(key, response or "ferron_hall").to_toml().rstrip("\n")


def _metal_details(key: str) -> str:
    from crosscurrent.jobs.metal import details

    return f"{key}: " + "\n  ".join(details(key)) + "\n"


def _details(entry: Material) -> str:
    lines = [f"{entry.key}: {entry.title}", f"  {entry.dim} dimensions", f"  source: {entry.source}"]
    if entry.needs_cutoff:
        default = entry.default_cutoff.description if entry.default_cutoff is not None else "none, give one"
        lines.append(f"  needs a cutoff; default: {default}")
    if entry.suggested_mu:
        lines.append("  suggested mu (eV): " + ", ".join(f"{mu:g}" for mu in entry.suggested_mu))
    lines.append("  parameters:" if entry.parameters else "  no parameters")
    for name, parameter in entry.parameters.items():
        unit = f" {parameter.unit}" if parameter.unit else ""
        lines.append(f"    {name} = {parameter.default}{unit}: {parameter.meaning}")
    return "\n".join(lines) + "\n"


@click.command(epilog="Example:  crosscurrent inspect seedname.chk seedname.eig seedname.mmn seedname.spn")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def inspect(files: tuple[Path, ...]) -> None:
    """Look at the Wannier90 FILES of one model and say whether they are sound.

    Dimensions, hermiticity, time reversal and inversion in each ordering of spin, centres, spread of the lattice
    vectors, and a job to begin with.
    """
    from crosscurrent.responses.inspect import inspect as look

    click.echo(str(look(*files)))
