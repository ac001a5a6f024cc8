"""The shipped monolayer of bismuth against the files of the run it was packed from, and against its symmetries."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from crosscurrent.models.materials.bismuth import FERMI_ENERGY, SOURCE, bismuth_wannier
from crosscurrent.models.spin_matrices import ordered_spin
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier90 import load_wannier90, read_eig, read_spn
from crosscurrent.numerics.zone import UniformMesh
from crosscurrent.responses.spin_generation import spin_generation

N_S_STATES = 8  # bands of pw.x below those that the Wannier functions describe
N_OCCUPIED = 12


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    found = repository / "examples" / "first_principles" / "bismuth" / "result"
    if not found.is_dir():
        pytest.skip("the files of the run are in the repository, not in the sdist")
    return found


@pytest.fixture(scope="module")
def model() -> TightBinding:
    return bismuth_wannier()


def at(model: TightBinding, blocks: np.ndarray, reduced: np.ndarray) -> np.ndarray:
    """The plain sum over R, written out."""
    phases = np.exp(2j * np.pi * reduced @ model.vectors[:, :2].T)
    return np.tensordot(phases, blocks, axes=(1, 0))


def mesh(n: int) -> np.ndarray:
    return np.stack(np.meshgrid(*[np.arange(n) / n] * 2, indexing="ij"), -1).reshape(-1, 2)


def read_gauge(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """k-points (nk, 3) and the product of u_dis.mat and u.mat, (nk, n_bands, n)."""
    factors = []
    for name in ("bi_u_dis.mat.gz", "bi_u.mat.gz"):
        words = gzip.decompress((folder / name).read_bytes()).decode().split("\n", 1)[1].split()
        n_k, n, rows = map(int, words[:3])
        numbers = np.array(words[3:], float).reshape(n_k, 3 + 2 * n * rows)
        matrix = numbers[:, 3:].reshape(n_k, n, rows, 2) @ [1, 1j]
        factors.append(matrix.swapaxes(1, 2))
    return numbers[:, :3], factors[0] @ factors[1]


def test_it_is_the_run(model: TightBinding, folder: Path) -> None:
    """What Wannier90 itself wrote to _tb.dat, on the images of its _wsvec.dat."""
    files = {kind: folder / f"bi_{kind}.dat.gz" for kind in ("tb", "wsvec")}
    theirs = load_wannier90(**files, dim=2)
    assert model.position_blocks is not None and theirs.position_blocks is not None
    np.testing.assert_array_equal(model.vectors, theirs.vectors)
    np.testing.assert_allclose(model.lattice, theirs.lattice, rtol=0, atol=1e-6)
    np.testing.assert_allclose(model.hamiltonian, theirs.hamiltonian, rtol=0, atol=2e-7)
    np.testing.assert_allclose(model.position_blocks, theirs.position_blocks, rtol=0, atol=4e-7)
    np.testing.assert_allclose(model.positions, theirs.positions, rtol=0, atol=2e-6)


def test_its_spin_is_that_of_the_bands(model: TightBinding, folder: Path) -> None:
    """Spin matrices of the bands and the matrices U that Wannier90 writes, put together here."""
    k, gauge = read_gauge(folder)
    bra = gauge.conj().swapaxes(1, 2)[:, None]
    expected = bra @ (read_spn(folder / "bi.spn.gz") / 2) @ gauge[:, None]
    energies = (bra[:, 0] * read_eig(folder / "bi.eig.gz")[:, None]) @ gauge
    assert model.spin is not None
    np.testing.assert_allclose(at(model, model.spin.blocks, k[:, :2]), expected, rtol=0, atol=2e-6)
    np.testing.assert_allclose(at(model, model.hamiltonian, k[:, :2]), energies, rtol=0, atol=2e-6)


def test_bands_off_the_mesh(model: TightBinding, folder: Path) -> None:
    """pw.x at points that were not in the mesh of the Wannier functions: the whole interpolation."""
    table = np.loadtxt(folder / "bands.txt")
    theirs = table[:, 2 + N_S_STATES :]
    ours = np.linalg.eigvalsh(at(model, model.hamiltonian, table[:, :2]))
    error = 1e3 * np.abs(ours - theirs)  # meV
    assert len(theirs) > 30
    assert error[:, :N_OCCUPIED].max() < 9
    assert np.sqrt((error[:, :N_OCCUPIED] ** 2).mean()) < 2
    near = theirs[:, N_OCCUPIED:] < theirs[:, N_OCCUPIED].min() + 1
    assert error[:, N_OCCUPIED:][near].max() < 9


def test_gaps(model: TightBinding) -> None:
    e = np.linalg.eigvalsh(at(model, model.hamiltonian, mesh(120))).reshape(120, 120, -1)
    valence, conduction = e[..., N_OCCUPIED - 1], e[..., N_OCCUPIED]
    assert conduction.min() - valence.max() == pytest.approx(0.197, abs=2e-3)
    assert (conduction.min() + valence.max()) / 2 == pytest.approx(FERMI_ENERGY, abs=0.01)
    direct = conduction - valence
    assert direct.min() == pytest.approx(0.203, abs=2e-3)
    kx, ky = np.unravel_index(direct.argmin(), direct.shape)
    assert ky == 0 and 0 < min(kx, 120 - kx) < 60, "on the line from Gamma to X"


def test_time_reversal(model: TightBinding) -> None:
    turn = 2j * ordered_spin(24, "interlaced")[1]
    assert model.spin is not None and model.position_blocks is not None
    for blocks, sign in ((model.hamiltonian, 1), (model.spin.blocks, -1), (model.position_blocks, 1)):
        assert np.abs(turn @ blocks.conj() @ turn.conj().T - sign * blocks).max() < 2e-6


def test_point_group(model: TightBinding) -> None:
    """C2v: mirrors of x and of z; y is polar. Bands and spins of bands; no band is degenerate at these points."""
    k = np.random.default_rng(3).uniform(0.05, 0.45, (6, 2))
    assert model.spin is not None
    spins, energies = [], []
    for points in (k, k * [-1, 1], k * [1, -1]):
        e, u = np.linalg.eigh(at(model, model.hamiltonian, points))
        spin = u.conj().swapaxes(1, 2)[:, None] @ at(model, model.spin.blocks, points) @ u[:, None]
        energies.append(e)
        spins.append(np.diagonal(spin, axis1=2, axis2=3).real)
    assert np.diff(energies[0][:, :14]).min() > 1e-3
    for one in energies[1:]:
        np.testing.assert_allclose(one[:, :14], energies[0][:, :14], rtol=0, atol=2e-5)
    # the glide z -> -z keeps k in the plane: only s_z is left
    assert np.abs(spins[0][:, :2, :14]).max() < 1e-3 < 0.1 < np.abs(spins[0][:, 2, :14]).max()
    # the mirror x -> -x turns s_z over, and with time reversal k_y alone does not
    np.testing.assert_allclose(spins[1][:, 2, :14], -spins[0][:, 2, :14], rtol=0, atol=1e-3)
    np.testing.assert_allclose(spins[2][:, 2, :14], spins[0][:, 2, :14], rtol=0, atol=1e-3)


def test_the_structure_is_polar_along_y(model: TightBinding, folder: Path) -> None:
    """The p functions of an atom are centred on it to 0.15 angstrom; the atoms have the mirrors, and no inversion."""
    s = json.loads((folder / "structure.json").read_text())
    np.testing.assert_allclose(np.diag(model.cell), [s["a"], s["b"], s["c"]], rtol=0, atol=1e-6)
    buckling = s["z_outer"] - s["z_inner"]
    assert buckling == pytest.approx(0.350, abs=1e-3)
    heights = model.positions[:, 2].reshape(4, 6).mean(axis=1)
    assert heights == pytest.approx([s["z_outer"], -s["z_outer"], -s["z_inner"], s["z_inner"]], abs=0.15)


def test_projectors_are_the_nearest_atoms(model: TightBinding, folder: Path) -> None:
    """Each function belongs to the atom of the structure that its centre is nearest to, over all cells."""
    s = json.loads((folder / "structure.json").read_text())
    outer, inner = np.array([0, s["y"], s["z_outer"]]), np.array([0, -s["y"], -s["z_inner"]])
    half, glide = np.array([s["a"] / 2, s["b"] / 2, 0]), np.array([1, 1, -1])
    atoms = np.stack([outer, half + outer * glide, inner, half + inner * glide])
    apart = model.positions[:, None] - atoms
    apart[..., :2] -= np.rint(apart[..., :2] / [s["a"], s["b"]]) * [s["a"], s["b"]]
    distance = np.linalg.norm(apart, axis=-1)
    assert np.sort(distance, axis=1)[:, 0].max() < 0.35 < 2 < np.sort(distance, axis=1)[:, 1].min()
    nearest = distance.argmin(axis=1)
    assert list(model.projectors) == ["atom 1", "atom 2", "atom 3", "atom 4"]
    for i, weights in enumerate(model.projectors.values()):
        np.testing.assert_array_equal(weights, nearest == i)


def test_spins_of_the_atoms_add_up(model: TightBinding) -> None:
    found = spin_generation(
        model, FERMI_ENERGY, [0.04], method=UniformMesh((6, 6)), projections="all", complete=True, tensors=["upsilon1"]
    ).upsilon1.sel(spin="z", field="x")
    parts, whole = found.drop_sel(projection="total"), found.sel(projection="total")
    np.testing.assert_allclose(parts.sum("projection"), whole, rtol=1e-9)
    # the glide z -> -z takes an outer atom to the other outer one, an inner to the other inner, and keeps s_z and E_x
    np.testing.assert_allclose(parts[..., ::2], parts[..., 1::2], rtol=1e-3)
    assert abs(float(parts[..., 0].item() / parts[..., 2].item()) - 1) > 0.1


def test_it_says_what_it_is(model: TightBinding) -> None:
    assert model.dim == 2 and model.source == SOURCE
    for words in ("PBE", "30 Ry", "8 x 8 k-points", "4e-4 Ry/bohr"):
        assert words in SOURCE
