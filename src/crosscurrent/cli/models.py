"""`models` and `inspect`: what can be asked."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
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
    help="What that job asks, e.g. spin_generation  [default: spin_hall; phonon_spin of metals, ferron_hall of "
    "lattices, hysteresis of effective Hamiltonians, phonon_dispersion of crystals].",
)
def models(key: str | None, job: bool, response: str | None) -> None:
    """List what is built in, or tell all about the one named KEY: source, parameters with units."""
    if key is not None:
        click.echo((_first_job(key, response) if job else _about(key)).rstrip("\n"))
        return
    if job:
        raise click.UsageError("--job needs the key of a material")
    click.echo("\n".join(_listing()))


def _listing() -> Iterator[str]:
    """Everything that is built in, with its source."""
    from crosscurrent.jobs import crystal, lattice, metal, protocols
    from crosscurrent.models.effective_hamiltonian import EFFECTIVE_HAMILTONIANS
    from crosscurrent.models.local_mode_file import local_mode, local_mode_names
    from crosscurrent.models.materials.registry import catalogue
    from crosscurrent.models.paraelectric_metal import METALS
    from crosscurrent.models.phonopy_data import phonopy_names

    width = max(map(len, catalogue()))

    def line(name: str, title: str, source: str, dim: int = 3) -> str:
        indent = " " * (width + 6)
        return f"{name:<{width}}  {dim}D  {title}\n" + textwrap.fill(
            source, 100, initial_indent=indent, subsequent_indent=indent
        )

    for name, entry in catalogue().items():
        yield line(name, entry.title, entry.source, entry.dim)
    yield "\nMetals with soft phonons, for phonon_spin, phonon_currents and crossover_map:"
    for name, make in METALS.items():
        yield line(name, metal.description(make()), make().source)
    yield "\nLattices of polar modes, for ferron_hall, ferron_hall_langevin, ferron_coefficients and as below:"
    for name in local_mode_names():
        yield line(name, lattice.description(local_mode(name)), local_mode(name).source)
    yield "\nEffective Hamiltonians, for hysteresis, heating, domain_wall and switching_path:"
    for name in EFFECTIVE_HAMILTONIANS:
        yield line(name, protocols.details(name)[0], EFFECTIVE_HAMILTONIANS[name]().source)
    yield "\nCrystals, for phonon_dispersion and convert phonopy:"
    for name in phonopy_names():
        title, source = crystal.details(name)
        yield line(name, title, source)


def _first_job(key: str, response: str | None) -> str:
    from crosscurrent.jobs import starter
    from crosscurrent.jobs.model import entry
    from crosscurrent.models.effective_hamiltonian import EFFECTIVE_HAMILTONIANS
    from crosscurrent.models.local_mode_file import local_mode_names
    from crosscurrent.models.paraelectric_metal import METALS
    from crosscurrent.models.phonopy_data import phonopy_names

    asked = () if response is None else (response,)
    if key in phonopy_names():
        return starter.starter_crystal_job(key, *asked).to_toml()
    if key in EFFECTIVE_HAMILTONIANS:
        return starter.starter_hamiltonian_job(key, *asked).to_toml()
    if key in local_mode_names():
        return starter.starter_lattice_job(key, *asked).to_toml()
    if key in METALS:
        return starter.starter_metal_job(key, *asked).to_toml()
    material = entry(key)
    text = starter.starter_job(material, *asked).to_toml()
    if material.needs_cutoff and 'kind = "plane"' not in text:
        return "# The cutoff belongs to the answer: repeat with a larger one and see what stays.\n" + text
    return text


def _about(key: str) -> str:
    from crosscurrent.jobs import crystal, lattice, metal, protocols
    from crosscurrent.jobs.model import entry
    from crosscurrent.models.effective_hamiltonian import EFFECTIVE_HAMILTONIANS
    from crosscurrent.models.local_mode_file import local_mode_names
    from crosscurrent.models.paraelectric_metal import METALS
    from crosscurrent.models.phonopy_data import phonopy_names

    for names, details in (
        (phonopy_names(), crystal.details),
        (EFFECTIVE_HAMILTONIANS, protocols.details),
        (local_mode_names(), lattice.details),
        (METALS, metal.details),
    ):
        if key in names:
            return f"{key}: " + "\n  ".join(details(key))
    return _details(entry(key))


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
