"""The house rules of ARCHITECTURE.md, kept by machine: rooms, file sizes, no print, nothing loaded too early."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import crosscurrent

SOURCE = Path(crosscurrent.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
HEAVY = {"numpy", "scipy", "xarray", "pandas", "h5py", "h5netcdf", "matplotlib", "spglib", "msgspec", "click", "rich"}


def run_python(code: str) -> str:
    """Standard output of `code` in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules_loaded_by(code: str) -> set[str]:
    out = run_python(f"import sys\n{code}\nimport json\nprint(json.dumps(sorted(sys.modules)), file=sys.__stdout__)")
    return {name.split(".")[0] for name in json.loads(out.splitlines()[-1])}


def test_rooms_look_down_only(repository: Path) -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_import_of_the_package_is_absolute_and_named() -> None:
    """Relative imports and `import *` would hide from a reader which room is being asked."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}:{node.lineno} relative import"
                assert all(name.name != "*" for name in node.names), f"{path}:{node.lineno} import *"


def test_library_does_not_print() -> None:
    calls = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not calls, f"print in the library: {calls}"


def test_no_room_without_a_name() -> None:
    names = {path.stem for path in FILES}
    assert not names & {"utils", "util", "helpers", "misc", "common"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_file_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 350, "more than 350 lines: does the file still have one sentence?"
    assert ast.get_docstring(ast.parse(text)), "the file does not say what it is for"


def test_import_is_light() -> None:
    loaded = modules_loaded_by("import crosscurrent")
    assert "crosscurrent" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("name", crosscurrent.__all__)
def test_public_name_exists(name: str) -> None:
    assert getattr(crosscurrent, name) is not None
    assert name in dir(crosscurrent)


def test_public_names_have_one_list() -> None:
    assert set(crosscurrent._HOMES) | {"__version__"} == set(crosscurrent.__all__)


def test_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'spin_hal'"):
        _ = crosscurrent.spin_hal


def test_help_loads_no_numerics() -> None:
    code = "import contextlib, io\nfrom crosscurrent.cli import main\nwith contextlib.redirect_stdout(io.StringIO()):\n"
    code += "    main(['--help'], standalone_mode=False)"
    loaded = modules_loaded_by(code)
    assert "click" in loaded
    assert not loaded & {"scipy", "xarray", "pandas", "matplotlib", "h5py", "spglib"}


def test_help_is_quick() -> None:
    """Best of three, so that a busy machine does not decide; a slip into importing everything costs over a second."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        run_python("from crosscurrent.cli import main; main(['--help'])")
        best = min(best, time.perf_counter() - start)
    assert best < 1.5
