"""`report` and `cite`: a result for people who look, and whom to thank for it."""

from __future__ import annotations

from pathlib import Path

import click

RESULT = click.argument("result", type=click.Path(path_type=Path))


@click.command(epilog="Example:  crosscurrent report bi2se3.nc -o bi2se3.html")
@RESULT
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Web page [default: RESULT.html].")
def report(result: Path, output: Path | None) -> None:
    """Make one web page of the netCDF file RESULT.

    Figures to zoom into that show values under the pointer, tables, units, conventions, warnings, the job, and what to
    cite. The page is one file that fetches nothing: it can be mailed, and opened anywhere.
    """
    from crosscurrent.plot import draw, report_page
    from crosscurrent.results import load
    from crosscurrent.results.files import write_whole

    target = output or result.with_suffix(".html")
    ds = load(result)
    page = report_page(ds, [draw(ds)], name=result.name)
    write_whole(target, lambda path: path.write_text(page, encoding="utf-8"))
    click.echo(str(target))


@click.command(epilog="Example:  crosscurrent cite bi2se3.nc > sources.bib")
@RESULT
def cite(result: Path) -> None:
    """Print what to cite for the netCDF file RESULT, as BibTeX.

    The package, the methods of the equations that were used, and the sources of the model and its data.
    """
    from crosscurrent.results import citation, load

    click.echo(citation(load(result)), nl=False)
