"""`convert`: a record of polar modes from what others have computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from crosscurrent.models.local_mode import LocalMode

FILE = click.Path(path_type=Path)
OUTPUT = click.option("-o", "--output", type=FILE, required=True, help="JSON file to write.")
FORCE = click.option("--force", is_flag=True, help="Replace a file that is there.")
NAME = click.option("--name", default="", help="Name of the record.")
GRID = click.option(
    "--grid", type=int, default=3, show_default=True, help="n of the n x n x n wave vectors that the kernel reproduces."
)
DIPOLE = click.option(
    "--dipole",
    type=click.Choice(["damped", "bare"]),
    default="damped",
    show_default=True,
    help="Kernel of the dipoles.",
)
ETA = click.option("--eta", type=float, default=1.2, show_default=True, help="Of the damped kernel, times a.")


@click.group(
    epilog="Example:  crosscurrent convert phonopy phonopy_params.yaml --barrier 0.0384 --u0 0.0716 -o batio3.json"
)
def convert() -> None:
    """Make a record of polar modes for `ferron_hall` jobs, and say how good the one-mode picture is."""


@convert.command(
    epilog="Example:  crosscurrent convert phonopy phonopy_params.yaml --barrier 0.0384 --u0 0.0716 -o batio3.json"
)
@click.argument("file", type=FILE)
@click.option("--force-constants", type=FILE, help="FORCE_CONSTANTS  [default: beside FILE, when needed].")
@click.option("--force-sets", type=FILE, help="FORCE_SETS  [default: likewise].")
@click.option("--born", type=FILE, help="BORN  [default: likewise].")
@click.option("--barrier", type=float, help="Depth of the double well, eV a cell.")
@click.option("--u0", type=float, help="Displacement of the centre atom in the polar state, angstrom.")
@click.option("--endpoint", type=FILE, help="Instead of --u0, the polar structure: POSCAR or phonopy's YAML.")
@click.option(
    "--path",
    type=FILE,
    help="Instead of these, a switching path: CSV with u (angstrom), energy (eV); or lambda, beside --endpoint.",
)
@click.option("--sextic", is_flag=True, help="Fit three coefficients to the path.")
@click.option("--kappa", type=float, default=0.1, show_default=True, help="Transverse confinement, eV/angstrom^2.")
@click.option("--centre", help="Element that the mode is centred on  [default: of the largest Born charge].")
@click.option("--axis", type=click.Choice(["x", "y", "z"]), default="x", show_default=True, help="Polar axis.")
@click.option(
    "--normalisation",
    type=click.Choice(["centre", "unit-mass"]),
    default="centre",
    show_default=True,
    help="The centre moves by u, or the mode has a mass of 1 amu.",
)
@GRID
@DIPOLE
@ETA
@NAME
@FORCE
@OUTPUT
def phonopy(
    file: Path,
    force_constants: Path | None,
    force_sets: Path | None,
    born: Path | None,
    barrier: float | None,
    u0: float | None,
    endpoint: Path | None,
    path: Path | None,
    sextic: bool,
    kappa: float,
    centre: str | None,
    axis: str,
    normalisation: str,
    grid: int,
    dipole: str,
    eta: float,
    name: str,
    force: bool,
    output: Path,
) -> None:
    """Convert the phonopy FILE (phonopy_params.yaml, phonopy.yaml) of a cubic crystal with an unstable polar mode.

    FILE may be batio3-cubic, which comes with the package. The double well comes from --barrier with --u0 or
    --endpoint, or from --path. phonopy itself is not needed.
    """
    from crosscurrent.jobs.convert import check_target
    from crosscurrent.responses.parametrize import convert_phonopy
    from crosscurrent.responses.record_kernel import Projection
    from crosscurrent.responses.well_data import WellData

    check_target(output, force)
    well = WellData(barrier=barrier, u0=u0, endpoint=endpoint, path=path, sextic=sextic, kappa=kappa)
    how = Projection(
        centre=centre,
        normalisation=normalisation.replace("-", " "),
        axis=axis,
        grid=grid,
        dipole=dipole,
        eta=eta,
    )
    record, report = convert_phonopy(
        file, well, how, force_constants=force_constants, force_sets=force_sets, born=born, name=name
    )
    _finish(record, report.lines(), output, force)


@convert.command(
    "effective-hamiltonian", epilog="Example:  crosscurrent convert effective-hamiltonian batio3-2010 -o batio3.json"
)
@click.argument("parameters")
@click.option(
    "--partner",
    default="batio3-b",
    show_default=True,
    help="Record, by name or file, that gives charge, mass, well and cell.",
)
@click.option("--double-counting", is_flag=True, help="Leave the dipoles in the short range.")
@GRID
@DIPOLE
@ETA
@NAME
@FORCE
@OUTPUT
def effective_hamiltonian(
    parameters: str,
    partner: str,
    double_counting: bool,
    grid: int,
    dipole: str,
    eta: float,
    name: str,
    force: bool,
    output: Path,
) -> None:
    """Take the kernel of an effective Hamiltonian: PARAMETERS is batio3-2010 or a TOML file.

    The file has the keys kappa2, j (seven numbers), charge, dielectric and lattice_constant, in eV, e and angstrom.
    """
    from crosscurrent.jobs.convert import check_target, partner_record
    from crosscurrent.jobs.convert import effective_hamiltonian as read
    from crosscurrent.responses.parametrize import convert_effective_hamiltonian
    from crosscurrent.responses.record_kernel import Projection

    check_target(output, force)
    how = Projection(grid=grid, dipole=dipole, eta=eta, double_counting=double_counting)
    record, report = convert_effective_hamiltonian(read(parameters), partner_record(partner), how, name=name)
    _finish(record, report.lines(), output, force)


def _finish(record: LocalMode, lines: Sequence[str], output: Path, force: bool) -> None:
    from crosscurrent.jobs.convert import write_record

    write_record(record, output, overwrite=force)
    for line in lines:
        click.echo(line)
    click.echo(f'{output}: {record.name}; in a job: [model] kind = "local_mode", file = "{output}"')
