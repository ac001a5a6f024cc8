"""Bad input: each kind is refused with an InputError that names the file, and nothing else ever comes out."""

from __future__ import annotations

import contextlib
import gzip
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.models.spin_matrices import ordered_spin
from crosscurrent.models.wannier90 import load_wannier90, read_chk, read_eig, read_hr, read_mmn
from crosscurrent.models.wannier90.fortran import Records
from crosscurrent.models.wannier90.kmesh import stencil
from crosscurrent.units import InputError
from reference.wannier_run import Run, make_run, record, write_run

Paths = dict[str, Path]

#: The files that a load needs beside the one under test.
LOADS: dict[str, tuple[str, ...]] = {
    "chk": ("eig",),
    "chk_fmt": ("eig",),
    "eig": ("chk",),
    "mmn": ("chk", "eig"),
    "spn": ("chk", "eig"),
    "spn_fmt": ("chk", "eig"),
    "shu": ("chk", "eig", "mmn", "siu"),
    "siu_fmt": ("chk", "eig", "mmn", "shu"),
    "hr": ("win",),
    "tb": (),
    "wsvec": ("hr", "win"),
    "centres": ("hr", "win"),
}


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run(seed=7, grid=(2, 2, 1), n=2, extra=2)


@pytest.fixture(scope="module")
def paths(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return write_run(run, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


def load(paths: Paths, *kinds: str, **replaced: Any) -> Any:
    files = {kind: paths[kind] for kind in kinds} | replaced
    return load_wannier90(**{kind.removesuffix("_fmt"): path for kind, path in files.items()})


def edited(paths: Paths, kind: str, folder: Path, edit: Callable[[str], str]) -> Path:
    target = folder / paths[kind].name
    target.write_text(edit(paths[kind].read_text()))
    return target


@pytest.mark.parametrize("kind", LOADS)
def test_untouched_files_load(paths: Paths, kind: str) -> None:
    """The tests below would pass on anything that never loads."""
    load(paths, *LOADS[kind], kind)


@pytest.mark.parametrize("kind", LOADS)
def test_truncation_at_any_byte_is_refused(paths: Paths, scratch: Path, kind: str) -> None:
    data = paths[kind].read_bytes()
    cuts = np.unique(np.r_[0, 1, 3, 40, np.linspace(0, len(data) - 2, 60).astype(int), np.arange(-12, -1) + len(data)])
    for cut in cuts:
        short = scratch / paths[kind].name
        short.write_bytes(data[:cut])
        with pytest.raises(InputError, match=short.name.replace(".", r"\.")):
            load(paths, *LOADS[kind], **{kind: short})


@pytest.mark.parametrize("kind", LOADS)
@given(data=st.data())
def test_damage_never_ends_in_another_error(paths: Paths, scratch: Path, kind: str, data: st.DataObject) -> None:
    content = bytearray(paths[kind].read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = scratch / paths[kind].name
    damaged.write_bytes(bytes(content))
    with contextlib.suppress(InputError):
        load(paths, *LOADS[kind], **{kind: damaged})


@pytest.mark.parametrize("kind", ["tb", "chk"])
def test_truncated_gzip_is_refused(paths: Paths, tmp_path: Path, kind: str) -> None:
    packed = gzip.compress(paths[kind].read_bytes())
    for cut in (2, 11, len(packed) // 2, len(packed) - 3):
        short = tmp_path / "x_tb.dat.gz"
        short.write_bytes(packed[:cut])
        with pytest.raises(InputError, match="gzip"):
            load(paths, *LOADS[kind], **{kind: short})


@pytest.mark.parametrize("kind", LOADS)
def test_missing_file(paths: Paths, kind: str) -> None:
    with pytest.raises(InputError, match="no such file"):
        load(paths, *LOADS[kind], **{kind: Path("absent.dat")})


@pytest.mark.parametrize("kind", LOADS)
def test_files_that_were_swapped(paths: Paths, kind: str) -> None:
    """Any other kind of file in the place of this one."""
    for other, path in paths.items():
        same = {kind.removesuffix("_fmt"), other.removesuffix("_fmt")}
        if len(same) == 1 or same == {"shu", "siu"}:
            continue
        with pytest.raises(InputError):
            load(paths, *LOADS[kind], **{kind: path})


@pytest.mark.parametrize("kind", ["hr", "tb", "eig", "mmn", "spn_fmt", "chk_fmt", "centres"])
@pytest.mark.parametrize("bad", ["NaN", "Infinity", "********", "1E+999", "1.2.3"])
def test_what_is_not_a_finite_number_is_refused_with_its_line(
    paths: Paths, tmp_path: Path, kind: str, bad: str
) -> None:
    lines = paths[kind].read_text().split("\n")
    line = len(lines) - 3
    words = lines[line].split()
    words[-1] = bad
    lines[line] = "  ".join(words)
    path = edited(paths, kind, tmp_path, lambda _: "\n".join(lines))
    with pytest.raises(InputError, match=rf"line {line + 1}\b"):
        load(paths, *LOADS[kind], **{kind: path})


def test_not_a_number_in_a_binary_record(paths: Paths, tmp_path: Path) -> None:
    data = paths["spn"].read_bytes()
    path = tmp_path / "x.spn"
    path.write_bytes(data[:-12] + struct.pack("<d", np.nan) + data[-4:])
    with pytest.raises(InputError, match="NaN"):
        load(paths, "chk", "eig", spn=path)


@pytest.mark.parametrize(("kind", "message"), [("eig", "bands"), ("mmn", "bands"), ("spn", "bands")])
def test_another_band_window(paths: Paths, tmp_path: Path, kind: str, message: str) -> None:
    other = write_run(make_run(seed=7, grid=(2, 2, 1), n=2, extra=4), tmp_path)
    with pytest.raises(InputError, match=rf"{paths[kind].name}: holds 6 {message} where the .chk has 4"):
        load(paths, "chk", *({"eig"} - {kind}), **{kind: other[kind]})


@pytest.mark.parametrize("kind", ["eig", "mmn", "spn", "shu"])
def test_another_mesh(paths: Paths, tmp_path: Path, kind: str) -> None:
    other = write_run(make_run(seed=7, grid=(3, 2, 1), n=2, extra=2), tmp_path)
    files = {k: paths[k] for k in ("chk", "eig", "mmn", "siu", "shu")} | {kind: other[kind]}
    with pytest.raises(InputError, match=r"6 k-points where the \.chk has 4"):
        load_wannier90(**files)


def test_neighbour_count(run: Run, paths: Paths, tmp_path: Path) -> None:
    size = run.nb**2 + 1

    def four_neighbours(text: str) -> str:
        lines = text.split("\n")
        keep = [line for k in range(4) for line in lines[2 + 6 * k * size : 2 + (6 * k + 4) * size]]
        return "\n".join([lines[0], f"{run.nb} 4 4", *keep]) + "\n"

    with pytest.raises(InputError, match=r"4 neighbours where the \.chk has 6"):
        load(paths, "chk", "eig", mmn=edited(paths, "mmn", tmp_path, four_neighbours))


def test_overlaps_of_another_run(paths: Paths, tmp_path: Path) -> None:
    other = write_run(make_run(seed=8, grid=(2, 2, 1), n=2, extra=2), tmp_path)
    with pytest.raises(InputError, match="are not those from which"):
        load(paths, "chk", "eig", mmn=other["mmn"])


def test_incomplete_stencil(paths: Paths, tmp_path: Path) -> None:
    """A neighbour on the wrong side of the zone breaks the completeness condition."""
    target = "    1    2    0    0    1"

    def move(text: str) -> str:
        lines = text.split("\n")
        found = next(i for i, line in enumerate(lines[2:], 2) if len(line.split()) == 5)
        lines[found] = target
        return "\n".join(lines)

    with pytest.raises(InputError, match=r"neighbours do not fit|completeness condition"):
        load(paths, "chk", "eig", mmn=edited(paths, "mmn", tmp_path, move))


def test_a_stencil_that_spans_no_direction(paths: Paths) -> None:
    """Without a neighbour along y no weights complete the derivative."""
    chk, mmn = read_chk(paths["chk"]), read_mmn(paths["mmn"])
    np.testing.assert_allclose(stencil(chk, mmn).weight.sum(axis=1) > 0, True)
    along_x = [0, 0, 2, 3, 3, 5]
    flat = replace(mmn, neighbour=mmn.neighbour[:, along_x], shift=mmn.shift[:, along_x])
    with pytest.raises(InputError, match="no weights of its 2 shells"):
        stencil(chk, flat)


def test_record_markers_that_differ(paths: Paths, tmp_path: Path) -> None:
    data = bytearray(paths["chk"].read_bytes())
    data[4 + 33] += 1
    path = tmp_path / "x.chk"
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="markers of record 1 differ"):
        read_chk(path)


def test_records_longer_than_a_marker_can_say() -> None:
    """gfortran cuts a record beyond 2 GB: all pieces but the last begin with a negative length."""
    first = struct.pack("<i", -8) + b"12345678" + struct.pack("<i", 8)
    last = struct.pack("<i", 3) + b"abc" + struct.pack("<i", -3)
    records = Records(first + last + record(b"next"), "x")
    assert records.take("all") == b"12345678abc" and records.take("next") == b"next"


def test_spin_of_another_order(run: Run, paths: Paths, tmp_path: Path) -> None:
    """Read as components first instead of last, the numbers are no Pauli matrices."""
    column, row = np.tril_indices(run.nb)
    values = run.pauli[:, :, row, column]
    head = record(b"x".ljust(60)) + record(struct.pack("<2i", run.nb, len(values)))
    path = tmp_path / "x.spn"
    path.write_bytes(head + b"".join(record(v.astype("<c16").tobytes()) for v in values))
    with pytest.raises(InputError, match="Pauli"):
        load(paths, "chk", "eig", spn=path)
    halved = record(b"x".ljust(60)) + record(struct.pack("<2i", run.nb, len(values)))
    path.write_bytes(halved + b"".join(record((2 * v).swapaxes(0, 1).astype("<c16").tobytes()) for v in values))
    with pytest.raises(InputError, match=r"row norm 2\.000"):
        load(paths, "chk", "eig", spn=path)


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [3, 0, 1, 2]], ids=["two exchanged", "rolled"])
def test_spin_of_k_points_in_another_order(run: Run, paths: Paths, tmp_path: Path, order: list[int]) -> None:
    """Same counts, same header: only the states tell."""
    records = Records(paths["spn"].read_bytes(), "x")
    head, parts = [records.take("") for _ in range(2)], [records.take("") for _ in range(len(run.kpoints))]
    path = tmp_path / "x.spn"
    path.write_bytes(b"".join(record(part) for part in [*head, *(parts[i] for i in order)]))
    with pytest.raises(InputError, match="do not belong to the states"):
        load(paths, "chk", "eig", "mmn", spn=path)


def test_spin_of_another_calculation(paths: Paths, tmp_path: Path) -> None:
    other = write_run(make_run(seed=8, grid=(2, 2, 1), n=2, extra=2), tmp_path)
    with pytest.raises(InputError, match="do not belong to the states"):
        load(paths, "chk", "eig", "mmn", spn=other["spn"])


def test_not_hermitian(tmp_path: Path) -> None:
    paths = write_run(make_run(seed=7, grid=(3, 1, 1), n=2, extra=0), tmp_path)

    def spoil(text: str) -> str:
        lines = text.split("\n")
        words = lines[5].split()
        lines[5] = "  ".join([*words[:5], str(float(words[5]) + 3e-3), words[6]])
        return "\n".join(lines)

    path = edited(paths, "hr", tmp_path, spoil)
    with pytest.raises(InputError, match=r"not Hermitian.*e-03 eV"):
        load(paths, "wsvec", "win", hr=path)
    load(paths, "wsvec", "win", hr=path, hermiticity_tolerance=1e-2)


def test_missing_partner_of_a_vector(paths: Paths) -> None:
    """A list of vectors that is not closed under R -> -R, taken as it is."""
    run = make_run(seed=7, grid=(3, 1, 1), n=2, extra=0)
    other = write_run(run, paths["hr"].parent, seed="y")
    with pytest.raises(InputError, match="not Hermitian"):
        load(other, "hr", "win", wigner_seitz=False)


def test_odd_number_of_functions_with_an_ordering() -> None:
    for ordering in ("block", "interlaced"):
        with pytest.raises(InputError, match="5 states cannot be pairs of spin up and down"):
            ordered_spin(5, ordering)


def test_weights_that_do_not_count_k_points(paths: Paths, tmp_path: Path) -> None:
    def spoil(text: str) -> str:
        lines = text.split("\n")
        lines[3] = "    3" + lines[3][5:]
        return "\n".join(lines)

    with pytest.raises(InputError, match="whole number of k-points"):
        load(paths, "win", hr=edited(paths, "hr", tmp_path, spoil))


def test_vectors_of_another_mesh_than_the_win(paths: Paths, tmp_path: Path) -> None:
    path = edited(paths, "win", tmp_path, lambda text: text.replace("2 2 1", "4 1 1"))
    with pytest.raises(InputError, match="not those of the mesh"):
        load(paths, "hr", win=path)


def test_unfinished_checkpoint(paths: Paths, tmp_path: Path) -> None:
    path = edited(paths, "chk_fmt", tmp_path, lambda text: text.replace("postwann", "postdis "))
    with pytest.raises(InputError, match="postdis"):
        read_chk(path)


def test_gauge_that_is_not_unitary(paths: Paths, tmp_path: Path) -> None:
    def spoil(text: str) -> str:
        lines = text.split("\n")
        at = next(i for i, line in enumerate(lines) if line.startswith("postwann"))
        first = next(i for i in range(at + 20, len(lines)) if len(lines[i].split()) == 2 and "5.99" in lines[i])
        lines[first] = "   0.9   0.9"
        return "\n".join(lines)

    text = paths["chk_fmt"].read_text()
    assert "5.99" in text
    with pytest.raises(InputError, match="not unitary"):
        read_chk(edited(paths, "chk_fmt", tmp_path, spoil))


def test_missing_band_of_eig(paths: Paths, tmp_path: Path) -> None:
    path = edited(paths, "eig", tmp_path, lambda text: text.replace("    2    1 ", "    1    1 ", 1))
    with pytest.raises(InputError, match="missing or repeated"):
        read_eig(path)


def test_fortran_exponents_without_a_letter(paths: Paths, tmp_path: Path) -> None:
    """Fortran writes 0.1-100 for 0.1e-100; it is a number, not two."""

    def bare(text: str) -> str:
        lines = text.split("\n")
        words = lines[-2].split()
        lines[-2] = "  ".join([*words[:6], "0.1234567-100"])
        return "\n".join(lines)

    hoppings = read_hr(edited(paths, "hr", tmp_path, bare))
    assert hoppings.hamiltonian[-1, -1, -1].imag == 0.1234567e-100


@pytest.mark.parametrize(
    ("kinds", "options", "message"),
    [
        ((), {}, "give one of tb, hr and chk"),
        (("tb", "hr"), {}, "give one of tb, hr and chk"),
        (("chk",), {}, "chk holds no energies"),
        (("tb", "eig"), {}, "eig is of use only with chk"),
        (("hr",), {}, "does not hold the lattice vectors"),
        (("tb", "wsvec"), {"wigner_seitz": False}, "wsvec needs"),
        (("chk", "eig", "mmn", "shu"), {}, "only together"),
        (("tb",), {"spin_ordering": "updown"}, "'block' or 'interlaced'"),
        (("chk", "eig", "spn"), {"spin_ordering": "block"}, "from spn or from spin_ordering"),
        (("tb",), {"tie_tolerance": 0.0}, "tie_tolerance must be positive"),
        (("tb",), {"hermiticity_tolerance": float("nan")}, "hermiticity_tolerance must be positive"),
        (("tb",), {"dim": 1}, "dim must be 2 or 3"),
        (("tb",), {"lattice": np.eye(3)}, "lattice differs"),
        (("hr",), {"lattice": np.zeros((3, 3))}, "span no volume"),
        (("hr",), {"lattice": [[1, 2], [3, 4]]}, "three rows"),
    ],
)
def test_arguments_that_do_not_go_together(
    paths: Paths, kinds: tuple[str, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load(paths, *kinds, **options)


def test_two_dimensions_need_one_point_across(tmp_path: Path) -> None:
    paths = write_run(make_run(seed=7, grid=(2, 2, 3), n=2, extra=0), tmp_path)
    for kinds in (("chk", "eig"), ("tb",), ("hr", "win")):
        with pytest.raises(InputError, match="dim = 2 needs one k-point"):
            load(paths, *kinds, dim=2)
