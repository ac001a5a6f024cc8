"""Tutorials and how-to pages are programs: their Python runs, prints what they say, and their jobs are sound."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from crosscurrent.cli.app import COMMANDS, app
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.parse import parse_job

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = sorted([*(REPOSITORY / "docs/tutorials").glob("*.md"), *(REPOSITORY / "docs/howto").glob("*.md")])
#: Pages beside these whose Python runs as it stands.
PROGRAMS = [
    *PAGES,
    *(REPOSITORY / "docs" / name for name in ("models.md", "slater_koster.md", "theory/irreducible_meshes.md")),
]
#: Blocks under this comment need a file of the reader's, or a package that is not here.
_NOT_RUN = "<!-- not run: "


def _blocks(page: Path) -> list[tuple[str, str]]:
    """(language, text) of every block that is to run, in order."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"^(<!-- not run: [^\n]*-->\n)?```(\w+)\n(.*?)^```", text, flags=re.M | re.S)
    return [(language, body) for skipped, language, body in found if not skipped]


def _ids(page: Path) -> str:
    return f"{page.parent.name}/{page.stem}"


def test_python_of_every_page_runs_or_says_why_not() -> None:
    """The README has tests of its own, in test_documents."""
    others = {*(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "docs/theory").glob("*.md")} - set(PROGRAMS)
    assert [page.name for page in others if any(language == "python" for language, _ in _blocks(page))] == []


@pytest.mark.parametrize("page", PROGRAMS, ids=_ids)
def test_python_runs_and_prints_what_the_page_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # dataclasses look their module up by name
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    space = vars(module)
    printed = before = ""
    for language, body in _blocks(page):
        if language == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(body, str(page), "exec"), space)
            printed = out.getvalue()
        elif language == "text" and before == "python":
            assert _same(printed, body), f"{page.name} says\n{body}\nbut prints\n{printed}"
        before = language


def _same(found: str, said: str) -> bool:
    """The same words, and numbers that agree to the digits shown: 2 % for the one-digit errors, 1e-3 else."""
    left, right = found.split(), said.split()
    if len(left) != len(right):
        return False
    for a, b in zip(left, right, strict=True):
        x, y = _number(a), _number(b)
        if x is None or y is None:
            if a != b:
                return False
        # a printed number may move by one in its last digit
        elif abs(x - y) > 1.001 * _last_digit(b):
            return False
    return True


def _number(text: str) -> float | None:
    try:
        return float(text.strip(",;"))
    except ValueError:
        return None


def _last_digit(text: str) -> float:
    mantissa, _, exponent = text.strip(",;").lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals)


def test_comparison_notices_a_wrong_number() -> None:
    assert _same("a 1.234 +- 2e-04", "a 1.235 +- 3e-04")
    assert not _same("a 1.234", "a 1.236")
    assert not _same("a 1.234", "b 1.234")
    assert not _same("-5579.6", "5579.6")


@pytest.mark.parametrize("page", PAGES, ids=_ids)
def test_jobs_on_the_page_are_sound(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for language, body in _blocks(page):
        if language == "toml":
            prepare(parse_job(body))


@pytest.mark.parametrize("page", PAGES, ids=_ids)
def test_commands_on_the_page_exist(page: Path) -> None:
    lines = [line for language, body in _blocks(page) if language == "bash" for line in body.splitlines()]
    for line in lines:
        words = line.split("#")[0].split()
        if not words or words[0] != "crosscurrent" or words[1].startswith("-"):
            continue
        assert words[1] in COMMANDS, line
        command: click.Command = app.get_command(click.Context(app), words[1])  # type: ignore[assignment]
        if isinstance(command, click.Group):
            command = command.commands[words[2]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if re.match(r"--?[a-z]", word)} <= known | {"--help", "-h"}, line
