"""Files that mean harm: bombs, pickles, links, devices, names that lead elsewhere, patterns that never end."""

from __future__ import annotations

import ast
import contextlib
import gzip
import io
import json
import lzma
import os
import pickle
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import crosscurrent
from crosscurrent import cli
from crosscurrent.disk import new_file, parse_json, parse_toml, read_arrays, read_bytes, read_text
from crosscurrent.jobs.langevin import placed
from crosscurrent.jobs.parse import load_job, parse_job
from crosscurrent.jobs.run import run_job
from crosscurrent.jobs.store import Store
from crosscurrent.models.local_mode_file import load_local_mode
from crosscurrent.models.phonopy_yaml import parse_sections
from crosscurrent.models.profile_file import read_profile
from crosscurrent.models.wannier90 import read_tb, read_win
from crosscurrent.numerics.lattice_sum import LatticeSum
from crosscurrent.responses.ferron_hall_langevin_files import LangevinFiles
from crosscurrent.results import load
from crosscurrent.results.files import write_whole
from crosscurrent.results.trajectory import TrajectoryFile
from crosscurrent.units import InputError
from fuzz.formats import JOBS

SOURCE = Path(crosscurrent.__file__).parent


# ------------------------------------------------------------------------------------------------ what is executed
class Trap:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path(self.path),))


def trapped(folder: Path) -> Path:
    """A .npz file whose arrays are pickled objects."""
    path = folder / "trap.npz"
    array = np.array([Trap(folder / "sprung")], dtype=object)
    np.savez(path, field=array, spacing=array, lattice=array, __key__=array, __format__=array)
    pickle.loads(pickle.dumps(Trap(folder / "sprung")))
    assert (folder / "sprung").exists(), "the trap is not set"
    (folder / "sprung").unlink()
    return path


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    path = trapped(tmp_path)
    with pytest.raises(InputError, match=r"not a readable \.npz"):
        read_arrays(path)
    assert Store(tmp_path / "x.parts", "k").read(path, "k") is None
    plain = tmp_path / "a.npz"
    plain.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(InputError):
        read_arrays(plain)
    assert not (tmp_path / "sprung").exists()


#: What runs text as a program, or a file, or another program.
_RUN = ("pickle.loads", "pickle.load", "np.load", "eval", "exec", "compile", "os.system", "os.popen", "yaml.load")
_RUN += ("np.loadtxt", "subprocess.run", "subprocess.Popen", "subprocess.check_output", "runpy.run_path")


def test_who_may_load_pickles_and_arrays() -> None:
    """Work that one process hands to another travels as a pickle, and nothing else does; numpy's own loader is used for
    data of the package only; no reader evaluates text; git is asked for the commit, and no other program."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if any(word in text for word in _RUN) else ():
            if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in _RUN:
                found.setdefault(name, set()).add(path.relative_to(SOURCE).as_posix())
                if name == "np.load":
                    assert any(k.arg == "allow_pickle" and ast.unparse(k.value) == "False" for k in node.keywords), path
    assert found.pop("pickle.loads") <= {"jobs/processes.py", "jobs/dask_map.py"}
    assert found.pop("subprocess.run") <= {"results/schema.py"}
    assert found.pop("np.load", set()) <= {"models/materials/bismuth.py"}
    assert not found


# ------------------------------------------------------------------------------------------------ what grows
def test_a_gzip_bomb(tmp_path: Path) -> None:
    path = tmp_path / "x_tb.dat"
    path.write_bytes(gzip.compress(b" " * 2**22) * 20)
    with pytest.raises(InputError, match="oversized gzip file"):
        read_tb(path)


def test_an_xz_bomb(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml.xz"
    path.write_bytes(lzma.compress(b" " * 80_000_000, preset=0))
    with pytest.raises(InputError, match="oversized xz file"):
        read_bytes(path)
    path.write_bytes(lzma.compress(b"a" * 1000 + b"\n"))
    assert len(read_bytes(path)) == 1001


def test_what_packs_well_is_no_bomb(tmp_path: Path) -> None:
    """Hoppings that are mostly zero."""
    rows = (
        f"{r:5d}    0    0{a:5d}{b:5d}    0.000000    0.000000\n"
        for r in range(9)
        for a in range(50)
        for b in range(50)
    )
    text = "".join(rows).encode() * 70
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(text, 1))
    assert len(text) > 64_000_000
    assert len(read_bytes(path)) == len(text)


def npz(path: Path, header: dict[str, Any], data: bytes, method: int = zipfile.ZIP_STORED) -> Path:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, header)
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("field.npy", stream.getvalue() + data)
    return path


@pytest.mark.parametrize("shape", [(10**12,), (-1, 8), (10**9, 10**9, 10**9), (2,)])
def test_a_header_is_not_believed(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """An array of terabytes in a file of a few bytes."""
    path = npz(tmp_path / "a.npz", {"descr": "<f8", "fortran_order": False, "shape": shape}, b"\0" * 64)
    with pytest.raises(InputError, match=r"not a readable \.npz"):
        read_arrays(path)


def test_an_archive_bomb(tmp_path: Path) -> None:
    size = 80_000_000
    header = {"descr": "|u1", "fortran_order": False, "shape": (size,)}
    path = npz(tmp_path / "a.npz", header, bytes(size), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(InputError, match="unpacks to far more"):
        read_arrays(path)


def test_a_result_that_claims_terabytes(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "a.nc", "w") as file:
        file.create_dataset("x", (10**12,), dtype="f8", chunks=(1024,))
    with pytest.raises(InputError, match="not a netCDF result, or it is damaged"):
        load(tmp_path / "a.nc")


# ------------------------------------------------------------------------------------------------ what never ends
@pytest.mark.parametrize("path", ["/dev/zero", "/dev", "/dev/null"])
def test_a_device_or_a_folder_is_no_file(path: str) -> None:
    for read in (read_bytes, read_text, read_arrays, load_local_mode, load_job):
        with pytest.raises(InputError):
            read(path)


def test_patterns_look_at_each_character_once(tmp_path: Path) -> None:
    """Times that grow with the square of a row of blanks would be minutes here."""
    n = 100_000
    texts = {
        "a.win": ("begin unit_cell_cart\n" * n, read_win),
        "b.win": ("\n" * n + "x", read_win),
        "c.win": ("begin" + " " * n + "\nmp_grid", read_win),
        "d.txt": ("temperature (" + " " * n + "\n1\n", lambda path: read_profile(path, "temperature")),
        "e.txt": (" " * n + "temperature" + " " * n + "K\n1\n", lambda path: read_profile(path, "temperature")),
        "f.toml": ("a." * n + "b = 1\n", load_job),
        "g.toml": ("a" * n + " = 1\n", load_job),
        "h.yaml": ("s:\n  a" + " " * n + "b\n", lambda path: parse_sections(path.read_text(), ["s"], "h")),
        "i.yaml": ("a" + " " * n + "b\n", lambda path: parse_sections(path.read_text(), ["s"], "i")),
    }
    begun = time.process_time()
    for name, (text, read) in texts.items():
        path = tmp_path / name
        path.write_text(text)
        with contextlib.suppress(InputError):
            read(path)
    assert time.process_time() - begun < 5


def test_nesting_and_long_numbers(tmp_path: Path) -> None:
    for opened in ("[", '{"a":'):
        with pytest.raises(InputError, match="nested too deeply"):
            parse_json(opened * 100_000, "a")
    with pytest.raises(InputError, match="too many digits"):
        parse_json("9" * 5000, "a")
    with pytest.raises(InputError, match="nested too deeply"):
        parse_toml("a = " + "[" * 100_000, "a")
    with pytest.raises(InputError, match="not valid TOML"):
        parse_toml("a = " + "9" * 5000, "a")
    with pytest.raises(InputError, match="too many dots"):
        parse_toml("a." * 100 + "b = 1", "a")
    assert parse_toml("a = [" + "0.1, " * 500 + "]\nb.c.d = 1", "a")["b"] == {"c": {"d": 1}}


# ------------------------------------------------------------------------------------------------ where one writes
@pytest.mark.parametrize("name", ["/tmp/away.nc", "../away.nc", "folder/away.nc", "..", "."])
def test_a_job_writes_beside_its_output_only(name: str) -> None:
    for files in (LangevinFiles(trajectory=TrajectoryFile(name, 0.1)), LangevinFiles(final_state=name)):
        with pytest.raises(InputError, match=r"is not a plain name"):
            placed({"files": files}, lambda *_: iter(()))


def test_a_link_in_the_place_of_a_temporary_file_is_not_followed(tmp_path: Path) -> None:
    """In a folder that others can write to, the name of the next temporary file can be guessed."""
    victim = tmp_path / "precious"
    victim.write_text("mine")
    (tmp_path / f".out.nc.{os.getpid()}.tmp").symlink_to(victim)
    write_whole(tmp_path / "out.nc", lambda path: path.write_text("result"))
    assert victim.read_text() == "mine" and (tmp_path / "out.nc").read_text() == "result"
    (tmp_path / "new").symlink_to(victim)
    with new_file(tmp_path / "new") as stream:
        stream.write(b"other")
    assert victim.read_text() == "mine" and not (tmp_path / "new").is_symlink()


def test_an_output_that_is_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "precious"
    victim.write_text("mine")
    (tmp_path / "out.nc").symlink_to(victim)
    write_whole(tmp_path / "out.nc", lambda path: path.write_text("result"))
    assert victim.read_text() == "mine" and (tmp_path / "out.nc").read_text() == "result"


def test_pieces_in_a_linked_folder(tmp_path: Path) -> None:
    """Large pieces are put on another disk this way: it works, and what else lies there stays."""
    elsewhere = tmp_path / "scratch"
    (elsewhere / "notes").mkdir(parents=True)
    (elsewhere / "notes" / "a.txt").write_text("mine")
    (elsewhere / "b.txt").write_text("mine")
    folder = tmp_path / "out.nc.parts"
    folder.symlink_to(elsewhere)
    with Store(folder, "k") as store:
        path = store.path("zone", 0)
        store.write(path, "p", {"a": np.arange(3.0)})
        found = store.read(path, "p")
        assert found is not None
        np.testing.assert_array_equal(found["a"], np.arange(3.0))
        store.discard()
    assert folder.is_symlink() and sorted(p.name for p in elsewhere.iterdir()) == ["b.txt", "notes"]
    assert (elsewhere / "notes" / "a.txt").read_text() == "mine"


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "out.nc.parts"
    folder.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="cannot keep unfinished work here"), Store(folder, "k"):
        pass


def test_a_stage_cannot_leave_its_folder(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.parts", "k")
    for stage in ("../../away", "/etc/passwd", "a/../b", ".."):
        assert store.path(stage, 0).resolve().parent.parent == (tmp_path / "x.parts").resolve()


# ------------------------------------------------------------------------------------------------ what words can do
@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result whose words would steer a browser, a terminal, or a typesetter."""
    path = tmp_path_factory.mktemp("words") / "a.nc"
    ds = run_job(parse_job(JOBS[1]))
    ds.attrs["job_title"] = r"$\ce{Bi2Se3}$ </script><script>alert(1)</script>"
    ds.attrs["quantity"] = "<img src=x onerror=alert(1)> \x1b]0;mine\x07"
    ds.mu.attrs["long_name"] = r"<!--<script> $\frac{$ and $x$"
    ds.to_netcdf(path, engine="h5netcdf")
    return path


def test_words_do_not_become_a_page(talkative: Path) -> None:
    page = talkative.with_suffix(".html")
    assert CliRunner().invoke(cli.app, ["report", str(talkative), "-o", str(page)]).exit_code == 0
    text = page.read_text()
    for bad in ("<script>alert", "<img src=x", "<!--<script>"):
        assert bad not in text
    assert r"$\ce{Bi2Se3}$ &lt;/script&gt;" in text


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_words_that_are_no_formula_are_drawn_as_they_are(talkative: Path, suffix: str) -> None:
    target = talkative.with_suffix(suffix)
    done = CliRunner().invoke(cli.app, ["plot", str(talkative), "-o", str(target)])
    assert done.exit_code == 0, done.output
    assert target.stat().st_size > 1000


def test_words_do_not_steer_the_terminal(talkative: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.app, ["explain", str(talkative)], color=True)
    assert done.exit_code == 0 and "mine" in done.output
    assert not {"\x1b", "\x07"} & set(done.output)
    (tmp_path / "job.toml").write_text('"a\\u001b[2Jb" = 1\n')
    done = CliRunner().invoke(cli.app, ["check", str(tmp_path / "job.toml")], color=True)
    assert done.exit_code == 2 and "[2Jb" in done.output and "\x1b" not in done.output


# ------------------------------------------------------------------------------------------------ what else was found
def test_an_owner_that_says_nothing_is_another_job(tmp_path: Path) -> None:
    folder = tmp_path / "x.parts"
    for content in (b"", b"\xff\xfe", b"[" * 100_000, b"[]", json.dumps({"run_key": 3}).encode()):
        folder.mkdir(exist_ok=True)
        (folder / "owner.json").write_bytes(content)
        with pytest.raises(InputError, match="another job"), Store(folder, "k"):
            pass


def test_a_lost_array_is_missed(tmp_path: Path) -> None:
    """A piece whose list of members has lost an entry would be summed without it."""
    store = Store(tmp_path / "x.parts", "k")
    (tmp_path / "x.parts").mkdir()
    path = store.path("zone", 0)
    store.write(path, "p", {"a": np.arange(3.0), "b": np.ones(2)})
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if "b" not in name.removesuffix(".npy")}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
    assert store.read(path, "p") is None


def test_a_product_of_sums_that_vanishes() -> None:
    """A Wannier model without hoppings has no velocity; its sum has no terms."""
    one = LatticeSum(np.array([[0, 0], [1, 0]]), np.zeros((2, 1, 2, 2), dtype=complex))
    assert not one.composed(lambda values: values, order=2).at(np.array([[0.1, 0.2]])).any()
