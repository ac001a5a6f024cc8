"""`plot`, `explain` and `export`: what can be done with a result."""

from __future__ import annotations

from pathlib import Path

import click

RESULT = click.argument("result", type=click.Path(path_type=Path))
VARIABLE = click.option("--variable", "-v", "variables", multiple=True, help="Only this variable (may be repeated).")
UNIT = click.option("--unit", "-u", help='Convert first, e.g. "(hbar/e) S/cm".')


@click.command(epilog="Example:  crosscurrent plot bi2se3.nc -o bi2se3.png -v conventional -v liu2023 --component zxy")
@RESULT
@click.option("-o", "--output", type=click.Path(path_type=Path), help="png, pdf or svg file [default: RESULT.png].")
@VARIABLE
@click.option(
    "--component",
    "-c",
    "components",
    multiple=True,
    help="Current, field, spin: e.g. zxy; spin, field: yx; spin of a density: y (may be repeated).",
)
@click.option("--projection", "-p", help="Part of the model on a map or a pulse, e.g. 'layer 1' [default: total].")
@UNIT
@click.option("--log", is_flag=True, help="Spin generation as magnitudes on logarithmic axes.")
@click.option("--band", type=int, default=0, show_default=True, help="Band of a map in k, counted from 0.")
@click.option("--title", help="Instead of the job's title.")
def plot(
    result: Path,
    output: Path | None,
    variables: tuple[str, ...],
    components: tuple[str, ...],
    projection: str | None,
    unit: str | None,
    log: bool,
    band: int,
    title: str | None,
) -> None:
    """Draw the netCDF file RESULT.

    Conductivities: every definition over E_F or frequency, one panel for each of the largest components, the error as
    a band. Spin generation: every projection over frequency or E_F, the spin densities when the job gives a field.
    Bands: coloured by spin. k-resolved results: a map of one variable. Pulses: field and spin in time. Lattices: maps
    of the slab, or the size of what is odd in the field over omega_B; with -v any map without a field, in it and odd in
    it, beside its error and its noise-free partner.
    """
    from crosscurrent.plot import draw, save_figure
    from crosscurrent.results import load

    target = output or result.with_suffix(".png")
    figure = draw(
        load(result),
        variables=variables,
        components=components,
        projection=projection,
        unit=unit,
        band=band,
        log=log,
        title=title,
    )
    save_figure(figure, target)
    click.echo(str(target))


@click.command(epilog="Example:  crosscurrent explain bi2se3.nc")
@RESULT
def explain(result: Path) -> None:
    """Say what the netCDF file RESULT holds.

    Quantity, dimensions, units, index order, sign convention, source equations, method, errors, warnings, and the
    version and job that made it.
    """
    from crosscurrent.cli.app import printable
    from crosscurrent.results import explain as words
    from crosscurrent.results import load

    click.echo(printable(words(load(result))), nl=False)


@click.command(epilog="Example:  crosscurrent export bi2se3.nc -o bi2se3.dat -v conventional --unit '(hbar/e) S/cm'")
@RESULT
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Text file, or .xyz  [default: RESULT.dat].")
@VARIABLE
@UNIT
def export(result: Path, output: Path | None, variables: tuple[str, ...], unit: str | None) -> None:
    """Write the netCDF file RESULT as text columns.

    A header gives units, index order, convention and history; each component has a column and its error another one.
    numpy.loadtxt reads it back. The displacements of a trajectory become extended XYZ when OUTPUT ends in .xyz or
    .extxyz.
    """
    from crosscurrent.results import convert_units, load, to_dat, to_extxyz

    ds = load(result)
    if output is not None and output.suffix in (".xyz", ".extxyz"):
        click.echo(str(to_extxyz(ds, output)))
        return
    target = to_dat(
        convert_units(ds, unit) if unit else ds, output or result.with_suffix(".dat"), list(variables) or None
    )
    click.echo(str(target))
