"""`reproduce`: the figures of a paper from our numbers, and what becomes of its claims."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosscurrent.units import InputError

if TYPE_CHECKING:
    from crosscurrent.jobs.reference import Figure
    from crosscurrent.jobs.reproduce import Report, Results


@click.command(epilog="Example:  crosscurrent reproduce liu2023-fig1 -o fig1")
@click.argument("key", required=False)
@click.option("--list", "listing", is_flag=True, help="List the keys.")
@click.option("--all", "every", is_flag=True, help="Reproduce all of them.")
@click.option("--fast", is_flag=True, help="With --all: leave out the keys that take more than a minute.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write to [default: reproduce/KEY].")
@click.option(
    "--report",
    "ledger_file",
    type=click.Path(path_type=Path),
    help="Write the ledger of claims with our values: FILE.md, FILE.html, or FILE.json, a record of the values.",
)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to use.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--papers", "root", type=click.Path(path_type=Path), hidden=True)
@click.pass_context
def reproduce(
    ctx: click.Context,
    key: str | None,
    listing: bool,
    every: bool,
    fast: bool,
    output: Path | None,
    ledger_file: Path | None,
    workers: int,
    quiet: bool,
    root: Path | None,
) -> None:
    """Redo the published figure KEY: run its jobs, compare with reference values, draw it, and judge the claims.

    Every reference value carries its source and tolerance. Results, figures and report.md go to the output folder; what
    lies there already is not computed again. Exit status 1 when a comparison fails.
    """
    from crosscurrent.jobs.reference import load_reference, paper_folder, paper_keys

    if sum((key is not None, listing, every)) != 1:
        raise click.UsageError("give a KEY, or --list, or --all")
    if fast and not every:
        raise click.UsageError("--fast goes with --all")
    if ledger_file is not None and (listing or ledger_file.suffix not in (".md", ".html", ".json")):
        raise click.UsageError("--report goes with a KEY or --all, and a FILE.md, FILE.html or FILE.json")
    if listing:
        for name in paper_keys(root):
            click.echo(f"{name}  {load_reference(paper_folder(name, root)).title}")
        return
    keys = _those_to_run(root, fast) if every else [str(key)]
    reports = []
    for name in keys:
        base = output or Path("reproduce")
        target = base / name if every or output is None else base
        reports.append(_one(paper_folder(name, root), target, workers, quiet))
    if ledger_file is not None:
        _write_ledger(ledger_file, reports, paper_keys(root) if every else keys, root)
        click.echo(f"written to {ledger_file}")
    ctx.exit(0 if all(report.passed for report in reports) else 1)


def _those_to_run(root: Path | None, fast: bool) -> list[str]:
    """All keys, or those that are not slow; says how long they take and what is left out."""
    from crosscurrent.jobs.reference import SLOW_SECONDS, load_reference, paper_folder, paper_keys

    seconds = {name: load_reference(paper_folder(name, root)).seconds for name in paper_keys(root)}
    slow = [name for name, time in seconds.items() if time > SLOW_SECONDS]
    keys = [name for name in seconds if not (fast and name in slow)]
    minutes = sum(seconds[name] for name in keys) / 60
    click.echo(f"{len(keys)} keys, about {max(1, round(minutes))} minutes on one core", err=True)
    for name in slow:
        state = "left out" if fast else "slow"
        click.echo(f"  {state}: {name}, about {round(seconds[name] / 60)} minutes", err=True)
    return keys


def _write_ledger(path: Path, reports: list[Report], keys: list[str], root: Path | None) -> None:
    """The ledger of these keys, or the record of their values; keys that were left out have what is recorded."""
    from crosscurrent.jobs.claims import RECORD, ledger, ledger_html, ledger_markdown, load_record, save_record
    from crosscurrent.jobs.reference import paper_folder, papers_root

    if path.suffix == ".json":
        save_record(path, reports)
        return
    record = load_record((root or papers_root()) / RECORD)
    found = {report.key: report for report in reports}
    pages = ledger([paper_folder(name, root) for name in keys], record, found)
    text = ledger_html(pages) if path.suffix == ".html" else "# Claims\n\n" + ledger_markdown(pages)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write this file ({error.strerror})", where=str(path)) from error


def _one(folder: Path, target: Path, workers: int, quiet: bool) -> Report:
    from crosscurrent.cli.progress import shown
    from crosscurrent.cli.run import terminated_like_interrupted
    from crosscurrent.jobs.reproduce import reproduce as redo

    with terminated_like_interrupted(), shown(quiet) as progress:
        report = redo(
            folder,
            target,
            workers=workers,
            progress=progress,
            draw=_draw,
            announce=None if quiet else lambda name: click.echo(f"running {name}", err=True),
        )
    _print(report)
    click.echo(f"written to {target}")
    return report


def _draw(figure: Figure, results: Results, path: Path) -> None:
    from crosscurrent.plot import (
        channels_figure,
        compare,
        langevin_figure,
        maps_figure,
        mechanisms_figure,
        panels,
        phonon_panels,
        save_figure,
        scan_figure,
    )

    lines = [(results[line.job], line.variable, dict(line.select), line.label) for line in figure.line]
    of_one_result = {
        "mechanisms": mechanisms_figure,
        "slab": maps_figure,
        "trajectories": langevin_figure,
        "channels": channels_figure,
        "field_scan": scan_figure,
    }
    if figure.kind == "curves":
        drawn = compare(
            lines,
            unit=figure.unit,
            title=figure.title,
            xlabel=figure.xlabel,
            ylabel=figure.ylabel,
            x=figure.x,
            absolute=figure.absolute,
            log=figure.log,
        )
    elif figure.kind in of_one_result:
        drawn = of_one_result[figure.kind](lines[0][0], title=figure.title or None)
    elif figure.kind in ("map", "bands", "direction", "dispersion"):
        drawn = panels(figure.kind, lines, unit=figure.unit, title=figure.title)
    else:
        drawn = phonon_panels(figure.kind, lines, x=figure.x, title=figure.title)
    if figure.kind in ("curves", "bands", "coefficient"):
        for ax in drawn.axes[: len(lines)]:
            ax.set(**{key: limit for key, limit in (("xlim", figure.xlim), ("ylim", figure.ylim)) if limit})
    save_figure(drawn, path)


def _print(report: Report) -> None:
    from crosscurrent.jobs.reproduce import found_of, quantity_of, reference_of

    click.echo(f"{report.key}: {report.reference.title}")
    rows = [
        (quantity_of(o.check), found_of(o), reference_of(o.check), "ok" if o.passed else "FAILS", o.check.source)
        for o in report.outcomes
    ]
    table = [("quantity", "ours", "reference", "", "source"), *rows] if rows else []
    widths = [max(len(row[i]) for row in table) for i in range(4)] if table else []
    for row in table:
        click.echo("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=False)) + f"  {row[4]}")
    for verdict in report.verdicts:
        state = verdict.claim.verdict if verdict.stands else f"NOT CONFIRMED ({verdict.claim.verdict})"
        click.echo(f"  {state}: {verdict.claim.text}")
