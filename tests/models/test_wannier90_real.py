"""Files of real runs, skipped where they are not at hand: bcc Fe, fcc Pt and an early one of Bi; settled numbers."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from crosscurrent.models.materials.bismuth import _unpack as unpacked
from crosscurrent.models.materials.bismuth import pack_bismuth
from crosscurrent.models.spin_matrices import ordered_spin
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier90 import load_wannier90, read_chk, read_mmn
from crosscurrent.models.wannier90.from_checkpoint import mesh_matrices
from crosscurrent.models.wannier90.realspace import transform
from crosscurrent.units import HALL_UNITS_3D, SPIN_HALL_UNITS_3D

FE_FERMI, PT_FERMI = 12.6279, 11.3158


def mesh(n: int, dim: int = 3) -> np.ndarray:
    return np.stack(np.meshgrid(*[np.arange(n) / n] * dim, indexing="ij"), -1).reshape(-1, dim)


def at(model: TightBinding, blocks: np.ndarray, reduced: np.ndarray) -> np.ndarray:
    """The plain sum over R, written out."""
    phases = np.exp(2j * np.pi * reduced @ model.vectors[:, : reduced.shape[1]].T)
    return np.tensordot(phases, blocks, axes=(1, 0))


@pytest.fixture(scope="module")
def data(shared_data: Path) -> Path:
    return shared_data / "wannier"


@pytest.fixture(scope="module")
def fe(data: Path) -> TightBinding:
    files = {kind: data / "fe" / f"Fe.{kind}" for kind in ("chk", "eig", "mmn", "spn")}
    return load_wannier90(**files, wigner_seitz=False)


@pytest.fixture(scope="module")
def bi(data: Path) -> dict[str, Path]:
    names = {"chk": "bi.chk", "eig": "bi.eig", "mmn": "bi.mmn.gz", "spn": "bi.spn.gz", "hr": "bi_hr.dat.gz"}
    names |= {"tb": "bi_tb.dat.gz", "wsvec": "bi_wsvec.dat.gz", "win": "bi.win"}
    return {kind: data / "bi" / name for kind, name in names.items()}


def test_iron_anomalous_hall_conductivity(fe: TightBinding) -> None:
    """Wang, Yates, Souza and Vanderbilt (2006), every term: Omega-bar, D-A and D-D, summed here on its own."""
    reduced = mesh(10)
    r = 1j * (fe.vectors @ fe.cell)[:, :, None, None]
    position = fe.position_blocks
    assert position is not None
    e, u = np.linalg.eigh(at(fe, fe.hamiltonian, reduced))
    ud = u.conj().swapaxes(1, 2)
    difference = e[:, None, :] - e[:, :, None]
    inverse = np.divide(1, difference, out=np.zeros_like(difference), where=np.abs(difference) > 1e-7)
    velocity = at(fe, r * fe.hamiltonian[:, None], reduced)
    bare = [ud @ a @ u for a in at(fe, position, reduced).swapaxes(0, 1)]
    full = [bare[i] + 1j * (ud @ velocity[:, i] @ u) * inverse for i in range(3)]
    filled = e < FE_FERMI
    found = []
    for i, j in ((1, 2), (2, 0), (0, 1)):
        curl = ud @ at(fe, r[:, i] * position[:, j] - r[:, j] * position[:, i], reduced) @ u
        covariant = curl - 1j * (bare[i] @ bare[j] - bare[j] @ bare[i])
        omega = np.diagonal(covariant + 1j * (full[i] @ full[j] - full[j] @ full[i]), axis1=1, axis2=2).real
        found.append(-(filled * omega).sum() / len(reduced) / abs(np.linalg.det(fe.cell)) * HALL_UNITS_3D["S/cm"])
    np.testing.assert_allclose(found, [0.0334, 0.0572, 1222.1510], rtol=0, atol=5e-5)


def test_iron_spin_moment(fe: TightBinding) -> None:
    reduced = mesh(4)
    e, u = np.linalg.eigh(at(fe, fe.hamiltonian, reduced))
    assert fe.spin is not None
    s = np.einsum("kan,kab,kbn->kn", u.conj(), at(fe, fe.spin.blocks[:, 2], reduced), u).real
    assert -2 * s[e < FE_FERMI].sum() / len(reduced) == pytest.approx(3.090787, abs=5e-7)


def test_iron_centres_follow_from_the_overlaps(data: Path) -> None:
    """The logarithmic diagonal of the position matrix is how Wannier90 itself finds the centres of the checkpoint."""
    files = {kind: data / "fe" / f"Fe.{kind}" for kind in ("chk", "eig", "mmn")}
    model = load_wannier90(**files, wigner_seitz=False, translation_invariant_centres=True)
    assert model.position_blocks is not None
    home = model.position_blocks[np.flatnonzero(~model.vectors.any(1))[0]]
    np.testing.assert_allclose(np.diagonal(home, axis1=1, axis2=2).T, model.positions, rtol=0, atol=1e-9)


def test_iron_checkpoint_formatted_and_not(data: Path) -> None:
    a, b = read_chk(data / "fe" / "Fe.chk"), read_chk(data / "fe" / "Fe.chk.fmt.gz")
    np.testing.assert_array_equal(a.gauge, b.gauge)
    np.testing.assert_array_equal(a.overlaps, b.overlaps)
    assert a.grid == b.grid == (2, 2, 2) and (a.n_bands, a.n_states, a.n_neighbours) == (28, 18, 12)


def test_platinum_spin_hall_conductivity(data: Path) -> None:
    """sigma^z_xy from X_m = 2 sum_n Im[j_nm v_mn] / ((e_m - e_n)^2 + eta^2), 21^3, T = 0 and 0.05 eV."""
    cell = 1.96195 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    model = load_wannier90(hr=data / "pt" / "Pt_hr.dat.gz", lattice=cell, spin_ordering="block")
    assert model.spin is not None and len(model.vectors) == 617
    s = model.spin.blocks[0, 2]
    r = 1j * (model.vectors @ cell)[:, :, None, None]
    stack = np.concatenate([model.hamiltonian[:, None], (r * model.hamiltonian[:, None])[:, :2]], axis=1)
    total = np.zeros(2)
    for reduced in np.array_split(mesh(21), 12):
        h, vx, vy = at(model, stack, reduced).swapaxes(0, 1)
        e, u = np.linalg.eigh(h)
        ud = u.conj().swapaxes(1, 2)
        j, v = ud @ (s @ vx + vx @ s) @ u / 2, ud @ vy @ u
        denominator = (e[:, :, None] - e[:, None, :]) ** 2 + 0.05**2
        kernel = 2 * (j * v.swapaxes(1, 2)).imag / denominator
        kernel[:, np.arange(18), np.arange(18)] = 0
        x = kernel.sum(axis=1)
        total += [x[e < PT_FERMI].sum(), (x / (np.exp((e - PT_FERMI) / 0.05) + 1)).sum()]
    found = total / 21**3 / abs(np.linalg.det(cell)) * SPIN_HALL_UNITS_3D["(hbar/e) S/cm"]
    np.testing.assert_allclose(found, [2302.5645, 2208.0887], rtol=0, atol=6e-5)


@pytest.mark.parametrize("kinds", [("tb", "wsvec"), ("tb",)], ids="+".join)
def test_bismuth_routes_agree(bi: dict[str, Path], kinds: tuple[str, ...]) -> None:
    """What Wannier90 wrote to _tb.dat and what the checkpoint, energies and overlaps give, to the last digit."""
    ours = load_wannier90(
        **{kind: bi[kind] for kind in ("chk", "eig", "mmn")}, translation_invariant_centres=True, dim=2
    )
    theirs = load_wannier90(**{kind: bi[kind] for kind in kinds}, dim=2)
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    np.testing.assert_allclose(ours.hamiltonian, theirs.hamiltonian, rtol=0, atol=1e-7)
    np.testing.assert_allclose(ours.position_blocks, theirs.position_blocks, rtol=0, atol=1e-7)
    np.testing.assert_allclose(ours.positions, theirs.positions, rtol=0, atol=1e-7)


def test_bismuth_hr_is_the_same_to_its_six_decimals(bi: dict[str, Path]) -> None:
    a = load_wannier90(hr=bi["hr"], wsvec=bi["wsvec"], win=bi["win"], dim=2)
    b = load_wannier90(tb=bi["tb"], wsvec=bi["wsvec"], dim=2)
    np.testing.assert_array_equal(a.vectors, b.vectors)
    np.testing.assert_allclose(a.hamiltonian, b.hamiltonian, rtol=0, atol=1e-6)


def test_bismuth_bands_return_on_the_mesh(bi: dict[str, Path]) -> None:
    """Frozen states: the interpolation returns the first-principles energies at the k-points of the run."""
    from crosscurrent.models.wannier90 import read_eig

    model = load_wannier90(chk=bi["chk"], eig=bi["eig"], dim=2)
    chk, energies = read_chk(bi["chk"]), read_eig(bi["eig"])
    e = np.linalg.eigvalsh(at(model, model.hamiltonian, chk.kpoints[:, :2]))
    np.testing.assert_allclose(e[:, :12], energies[:, :12], rtol=0, atol=1e-5)


def test_bismuth_time_reversal_and_spin(bi: dict[str, Path]) -> None:
    model = load_wannier90(**{kind: bi[kind] for kind in ("chk", "eig", "mmn", "spn")}, dim=2)
    turn = 2j * ordered_spin(24, "interlaced")[1]
    assert model.spin is not None
    for blocks, sign in ((model.hamiltonian, 1), (model.spin.blocks, -1)):
        assert np.abs(turn @ blocks.conj() @ turn.conj().T - sign * blocks).max() < 3e-6
    for s in model.spin.blocks.swapaxes(0, 1):
        e = np.linalg.eigvalsh(at(model, s, mesh(3, 2)))
        assert np.abs(e).max() < 0.5 + 1e-3


def test_packing_keeps_a_run_to_half_a_step(bi: dict[str, Path], tmp_path: Path) -> None:
    """What makes the shipped npz, on this run: nothing lost but digits, and the same bytes each time."""
    for kind in ("chk", "eig", "mmn", "spn"):
        (tmp_path / f"bi.{kind}").write_bytes(bi[kind].read_bytes())
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    pack_bismuth(tmp_path, first)
    pack_bismuth(tmp_path, second)
    assert first.read_bytes() == second.read_bytes()
    mesh = mesh_matrices(*(bi[kind] for kind in ("chk", "eig")), mmn=bi["mmn"], spn=bi["spn"])
    c, packed = mesh.checkpoint, np.load(first)
    assert tuple(packed["grid"]) == c.grid
    for key, step in (("hamiltonian", 1e-8), ("spin", 1e-7)):
        expected = transform(mesh.values[key].reshape(c.n_k, -1, 24, 24), c.kpoints, c.grid, c.path)
        found = unpacked(packed[key], 24, c.grid, step)
        np.testing.assert_allclose(found.view(float), expected.view(float), rtol=0, atol=0.51 * step + 1e-15)


def test_large_text_files_are_read_in_bulk(data: Path) -> None:
    """2.8 MB in well under a second, on a slow machine too: no Python loop over the lines."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        read_mmn(data / "fe" / "Fe.mmn")
        best = min(best, time.perf_counter() - start)
    assert best < 0.5
