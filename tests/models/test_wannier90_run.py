"""Every reader and every matrix of `load_wannier90`, against a run whose answer is known in closed form."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosscurrent.models.spin_matrices import ordered_spin
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier90 import (
    load_wannier90,
    read_chk,
    read_eig,
    read_mmn,
    read_spn,
    read_sxu,
    read_win,
    seed_name,
)
from reference.wannier_run import PAULI, Run, make_run, write_run

#: What twelve decimals of the text files leave.
TEXT = 3e-11


@pytest.fixture(scope="module", params=[0, 2], ids=["isolated", "disentangled"])
def run(request: pytest.FixtureRequest) -> Run:
    return make_run(seed=3, extra=request.param)


@pytest.fixture(scope="module")
def paths(run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_run(run, tmp_path_factory.mktemp("run"))


def pick(paths: dict[str, Path], *kinds: str) -> dict[str, Any]:
    return {kind: paths[kind] for kind in kinds}


def on_vectors(model: TightBinding, run: Run, blocks: np.ndarray) -> np.ndarray:
    """Blocks of the run placed on the vectors of the model."""
    out = np.zeros((len(model.vectors), *blocks.shape[1:]), dtype=complex)
    for r, block in zip(run.vectors, blocks, strict=True):
        if block.any():
            out[np.flatnonzero((model.vectors == r).all(1))[0]] = block
    return out


def derivative_on_centres(run: Run) -> np.ndarray:
    """i sum_b w_b b exp(-i b.tau) for each centre, (3, n): what the linear finite difference makes of tau."""
    return np.einsum("b,bi,bn->in", run.weight[0], run.b[0], np.sin(run.b[0] @ run.centres.T))


def test_formatted_and_unformatted_hold_the_same(run: Run, paths: dict[str, Path]) -> None:
    binary, text = read_chk(paths["chk"]), read_chk(paths["chk_fmt"])
    for name in ("lattice", "kpoints", "gauge", "overlaps", "centres", "spreads"):
        np.testing.assert_allclose(getattr(binary, name), getattr(text, name), rtol=0, atol=1e-15)
    np.testing.assert_allclose(binary.lattice, run.lattice)
    np.testing.assert_allclose(binary.gauge, run.states.conj(), atol=1e-14)
    assert binary.disentangled == text.disentangled == (run.nb > run.n)
    for a, b in (
        (read_spn(paths["spn"]), read_spn(paths["spn_fmt"])),
        (read_sxu(paths["siu"]), read_sxu(paths["siu_fmt"])),
    ):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-14)


def test_readers_return_what_was_written(run: Run, paths: dict[str, Path]) -> None:
    np.testing.assert_allclose(read_eig(paths["eig"]), run.energies, atol=1e-12)
    np.testing.assert_allclose(read_spn(paths["spn"]), run.pauli, atol=1e-14)
    mmn = read_mmn(paths["mmn"])
    np.testing.assert_allclose(mmn.matrices, run.mmn, atol=1e-12)
    np.testing.assert_array_equal(mmn.neighbour, run.neighbour)
    np.testing.assert_array_equal(mmn.shift, run.shift)
    expected = np.einsum("klmj,kbjn->kblmn", run.pauli, run.mmn)
    np.testing.assert_allclose(read_sxu(paths["siu"]), expected, atol=1e-14)
    win = read_win(paths["win"])
    assert win.grid == run.grid and win.spinors
    np.testing.assert_allclose(win.lattice, run.lattice, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "kinds",
    [("chk", "eig"), ("chk_fmt", "eig"), ("tb",), ("tb", "wsvec"), ("hr", "win", "centres"), ("hr", "win", "wsvec")],
    ids="+".join,
)
def test_every_route_returns_the_hoppings(run: Run, paths: dict[str, Path], kinds: tuple[str, ...]) -> None:
    files = {"chk" if kind == "chk_fmt" else kind: path for kind, path in pick(paths, *kinds).items()}
    model = load_wannier90(**files)
    np.testing.assert_allclose(model.hamiltonian, on_vectors(model, run, run.hoppings), rtol=0, atol=TEXT)
    np.testing.assert_allclose(model.cell, run.lattice, rtol=0, atol=1e-10)
    if "hr" not in kinds or "centres" in kinds:
        np.testing.assert_allclose(model.positions, run.centres, rtol=0, atol=1e-8)
    assert model.name == "x"


def test_position_matrix(run: Run, paths: dict[str, Path]) -> None:
    """Point-like orbitals: nothing but the centres, exact with the logarithm, sin(b tau)/b without."""
    home = np.zeros((len(run.vectors), 3, run.n, run.n), complex)
    index = np.arange(run.n)
    for invariant, diagonal in ((True, run.centres.T), (False, derivative_on_centres(run))):
        model = load_wannier90(**pick(paths, "chk", "eig", "mmn"), translation_invariant_centres=invariant)
        home[0][:, index, index] = diagonal
        np.testing.assert_allclose(model.position_blocks, on_vectors(model, run, home), rtol=0, atol=TEXT)
    from_tb = load_wannier90(tb=paths["tb"])
    home[0][:, index, index] = run.centres.T
    np.testing.assert_allclose(from_tb.position_blocks, on_vectors(from_tb, run, home), rtol=0, atol=TEXT)


@pytest.mark.parametrize("spn", ["spn", "spn_fmt"])
def test_spin_through_the_gauge_is_the_ordering(run: Run, paths: dict[str, Path], spn: str) -> None:
    model = load_wannier90(**pick(paths, "chk", "eig"), spn=paths[spn])
    assert model.spin is not None and model.spin.unit == "hbar"
    expected = np.zeros((len(run.vectors), 3, run.n, run.n), complex)
    expected[0] = ordered_spin(run.n, "interlaced")
    np.testing.assert_allclose(model.spin.blocks, on_vectors(model, run, expected), rtol=0, atol=TEXT)


def test_blocks_of_qiao_and_ryoo(run: Run, paths: dict[str, Path]) -> None:
    """K = s D and L = s H(R) D with D = diag of the finite difference of the centres, at every R."""
    model = load_wannier90(**pick(paths, "chk", "eig", "mmn", "spn", "shu", "siu"))
    s = np.array([np.kron(np.eye(run.n // 2), p) for p in PAULI]) / 2
    d = derivative_on_centres(run)
    k = np.zeros((len(run.vectors), 3, 3, run.n, run.n), complex)
    k[0] = s[:, None] * d[None, :, None, :]
    sh = np.einsum("lac,rcb->rlab", s, run.hoppings)
    found = {
        name: on_vectors(model, run, value)
        for name, value in (("k", k), ("h", sh), ("l", sh[:, :, None] * d[:, None, :]))
    }
    np.testing.assert_allclose(model.extra_blocks["spin_hamiltonian"], found["h"], rtol=0, atol=TEXT)
    for prefix in ("", "ryoo_"):
        np.testing.assert_allclose(model.extra_blocks[prefix + "spin_position"], found["k"], rtol=0, atol=TEXT)
        blocks = model.extra_blocks[prefix + "spin_hamiltonian_position"]
        np.testing.assert_allclose(blocks, found["l"], rtol=0, atol=10 * TEXT)


def test_formatted_overlaps_with_spin_are_read_too(paths: dict[str, Path]) -> None:
    files = pick(paths, "chk", "eig", "mmn", "spn", "shu")
    a, b = (load_wannier90(**files, siu=paths[kind]).extra_blocks for kind in ("siu", "siu_fmt"))
    np.testing.assert_allclose(a["ryoo_spin_position"], b["ryoo_spin_position"], rtol=0, atol=1e-13)


def test_gzipped_files_are_read_in_place(run: Run, paths: dict[str, Path], tmp_path: Path) -> None:
    packed = {}
    for kind in ("chk", "eig", "mmn", "spn"):
        packed[kind] = tmp_path / (paths[kind].name + ".gz")
        packed[kind].write_bytes(gzip.compress(paths[kind].read_bytes()))
    model = load_wannier90(**packed)
    np.testing.assert_allclose(model.hamiltonian, on_vectors(model, run, run.hoppings), rtol=0, atol=TEXT)
    assert model.name == "x" and "x.chk.gz" in model.source


def test_explicit_orderings() -> None:
    block, interlaced = ordered_spin(6, "block"), ordered_spin(6, "interlaced")
    np.testing.assert_array_equal(np.diag(block[2]).real, [0.5, 0.5, 0.5, -0.5, -0.5, -0.5])
    np.testing.assert_array_equal(np.diag(interlaced[2]).real, [0.5, -0.5] * 3)
    assert block[0, 0, 3] == 0.5 and interlaced[0, 0, 1] == 0.5
    for s in (block, interlaced):
        np.testing.assert_allclose(s[0] @ s[1] - s[1] @ s[0], 1j * s[2], atol=1e-15)


def test_layer_in_two_dimensions(tmp_path: Path) -> None:
    run = make_run(seed=5, grid=(3, 3, 1), extra=2)
    paths = write_run(run, tmp_path)
    for kinds in (("chk", "eig", "mmn", "spn"), ("tb",), ("hr", "win", "centres")):
        model = load_wannier90(**pick(paths, *kinds), dim=2)
        assert model.dim == 2 and not model.vectors[:, 2].any()
        np.testing.assert_allclose(model.hamiltonian, on_vectors(model, run, run.hoppings), rtol=0, atol=TEXT)


def test_neighbours_in_another_order_are_the_same_stencil(run: Run, paths: dict[str, Path], tmp_path: Path) -> None:
    """A code may list the neighbours of the .mmn in any order; nothing depends on it."""
    lines = paths["mmn"].read_text().split("\n")
    size = run.nb**2 + 1
    blocks = [lines[2 + i * size : 2 + (i + 1) * size] for i in range(len(run.kpoints) * 6)]
    turned = [blocks[k * 6 + b] for k in range(len(run.kpoints)) for b in (4, 1, 0, 5, 3, 2)]
    other = tmp_path / "x.mmn"
    other.write_text("\n".join(lines[:2] + [line for block in turned for line in block]) + "\n")
    files = pick(paths, "chk", "eig", "spn")
    a, b = load_wannier90(**files, mmn=paths["mmn"]), load_wannier90(**files, mmn=other)
    np.testing.assert_allclose(a.position_blocks, b.position_blocks, rtol=0, atol=1e-13)
    np.testing.assert_allclose(a.extra_blocks["spin_position"], b.extra_blocks["spin_position"], rtol=0, atol=1e-13)


def test_notes_tell_how_the_model_was_made(paths: dict[str, Path]) -> None:
    model = load_wannier90(**pick(paths, "chk", "eig", "mmn", "spn"), tie_tolerance=2e-4)
    notes = " / ".join(model.notes)
    assert "0.0002 angstrom" in notes and "not made translation invariant" in notes and "x.spn" in notes
    ordered = load_wannier90(tb=paths["tb"], spin_ordering="block")
    assert any("ordering 'block'" in note for note in ordered.notes)


@pytest.mark.parametrize(
    ("name", "seed"), [("bi_tb.dat.gz", "bi"), ("a/Fe.chk", "Fe"), ("Pt_hr.dat", "Pt"), ("x.chk.fmt.gz", "x")]
)
def test_seed_of_a_name(name: str, seed: str) -> None:
    assert seed_name(name) == seed
