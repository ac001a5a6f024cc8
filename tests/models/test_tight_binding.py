"""Tight binding: derivatives, conventions that must not matter, the position matrix, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.models import tight_binding
from crosscurrent.models.bloch import Operator
from crosscurrent.models.materials.haldane import haldane
from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.models.materials.qwz import qwz
from crosscurrent.models.tight_binding import TightBinding, hermiticity_residual
from crosscurrent.numerics.batches import GridRows
from crosscurrent.numerics.zone import UniformMesh
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.responses.band_geometry import band_geometry
from crosscurrent.responses.spin_hall import spin_hall
from crosscurrent.units import InputError
from reference.dressed import Plain, Series, smooth_unitary
from reference.torus_models import random_hermitian, random_unitary

LATTICE = np.array([[1.3, 0.2], [-0.45, 0.9]])
MESH = UniformMesh((9, 8))
NAMES = ("conventional", "liu2023", "liu2023_corrected", "topological", "torque_dipole_1", "torque_dipole_2")


def plain(seed: int = 3, levels: tuple[float, ...] = (-3.0, -1.0, 1.2, 3.0)) -> Plain:
    rng = np.random.default_rng(seed)
    n = len(levels)
    blocks: dict[tuple[int, int], Any] = {(0, 0): np.diag(levels).astype(complex) + 0.3 * random_hermitian(rng, n)}
    for r in ((1, 0), (0, 1), (1, 1)):
        blocks[r] = 0.25 * (rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n)))
        blocks[-r[0], -r[1]] = blocks[r].conj().T
    spins = np.array([random_hermitian(rng, n) for _ in range(3)])
    return Plain(LATTICE, Series(blocks), rng.uniform(-0.5, 0.5, size=(n, 2)), spins)


def responses(model: TightBinding, mu: float = 0.0, **options: Any) -> xr.Dataset:
    method, names = options.pop("method", MESH), options.pop("names", NAMES)
    return spin_hall(model, mu, method=method, unit="e", definitions=names, **options)


def assert_same(a: xr.Dataset, b: xr.Dataset, names: tuple[str, ...] = NAMES, tolerance: float = 1e-10) -> None:
    for name in names:
        np.testing.assert_allclose(a[name].values, b[name].values, atol=tolerance, rtol=1e-9, err_msg=name)


# ---- matrices ----


def test_dh_is_the_derivative_with_the_positions_in_the_phases() -> None:
    """In the gauge exp(i k.(R + tau_b - tau_a)) the covariant derivative is the plain one."""
    model = plain().model()
    k = np.random.default_rng(0).normal(size=(5, 2))
    tau = model.positions[:, :2]

    def h(k: np.ndarray) -> np.ndarray:
        phase = np.exp(1j * k @ tau.T)
        return phase.conj()[:, :, None] * model.matrices(k).h * phase[:, None, :]

    step = 1e-5
    phase = np.exp(1j * k @ tau.T)
    for axis in range(2):
        shift = step * np.eye(2)[axis]
        slope = (h(k + shift) - h(k - shift)) / (2 * step)
        back = phase[:, :, None] * slope * phase.conj()[:, None, :]
        np.testing.assert_allclose(model.matrices(k).dh[:, axis], back, atol=1e-8)


@pytest.mark.parametrize("make", [lambda: plain().model(), lambda: plain().dressed(smooth_unitary(1, 4)), kane_mele])
def test_rows_of_a_grid_are_its_points(make: Any) -> None:
    model = make()
    grid = GridRows((4, 5), range(1, 4), 0.5)
    parts = frozenset({"curvature"})
    a, b = (
        model.grid_matrices(grid, model.spin, parts),
        model.matrices(model.grid_points(grid), model.spin, parts),
    )
    for name in ("h", "dh", "operator", "curvature"):
        x, y = getattr(a, name), getattr(b, name)
        if y is None:
            assert x is None
        else:
            np.testing.assert_allclose(x, y, atol=1e-12)


# ---- what must not matter ----


@given(seed=st.integers(0, 200), cell=st.tuples(st.integers(-2, 2), st.integers(-2, 2)), orbital=st.integers(0, 3))
def test_home_cell_of_an_orbital(seed: int, cell: tuple[int, int], orbital: int) -> None:
    """Moving an orbital by a lattice vector, with its hoppings, changes the names of cells and nothing else."""
    base = plain(seed)
    model = base.model()
    blocks: dict[tuple[int, int], Any] = {}
    move = np.zeros((4, 2), dtype=int)
    move[orbital] = cell
    for r, x in base.h.blocks.items():
        for a in range(4):
            for b in range(4):
                # <0a|H|Rb> = <0a'|H|R + t_a - t_b, b'> when a' in cell 0 is a in cell t_a
                key = tuple(int(v) for v in np.array(r) + move[a] - move[b])
                blocks.setdefault(key, np.zeros((4, 4), complex))[a, b] += x[a, b]  # type: ignore[arg-type]
    moved = Plain(LATTICE, Series(blocks), base.positions + move @ LATTICE, base.spins).model()
    if any(cell):
        assert len(moved.vectors) > len(model.vectors) or set(map(tuple, moved.vectors)) != set(
            map(tuple, model.vectors)
        )
    # spins between orbitals would have to move too; take the part that stays in its orbital
    diagonal = Operator.constant(np.array([np.diag(np.diagonal(s).real) for s in base.spins]))
    assert_same(responses(moved, spin=diagonal), responses(model, spin=diagonal))


@given(seed=st.integers(0, 200))
def test_basis_of_the_orbitals(seed: int) -> None:
    """A k-independent unitary of orbitals at one place."""
    base = plain(seed)
    u = random_unitary(np.random.default_rng(seed + 1), 4)
    here = Plain(LATTICE, base.h, np.zeros((4, 2)), base.spins)
    turned = Plain(
        LATTICE,
        Series({r: u.conj().T @ x @ u for r, x in base.h.blocks.items()}),
        np.zeros((4, 2)),
        u.conj().T @ base.spins @ u,
    )
    assert_same(responses(turned.model()), responses(here.model()))


@pytest.mark.parametrize("mu", [-1.1, 0.0])
@pytest.mark.parametrize("kelvin", [0.0, 800.0])
def test_basis_that_turns_with_k(mu: float, kelvin: float) -> None:
    """The position matrix of a complete basis does all that orbital positions do."""
    base = plain()
    dressed, model = base.dressed(smooth_unitary(7, 4)), base.model()
    assert np.abs(dressed.position_blocks).max() > 0.1
    options = {"temperature": kelvin}
    assert_same(responses(dressed, mu, **options), responses(model, mu, **options))
    a, b = (anomalous_hall(m, mu, method=MESH, **options) for m in (dressed, model))
    np.testing.assert_allclose(a["conductivity"], b["conductivity"], atol=1e-10)
    np.testing.assert_allclose(a["outside"], 0, atol=1e-10)


def test_matrices_of_a_dressed_model_are_covariant() -> None:
    """hbar v turns with the basis, and a complete basis has no curvature of its own."""
    base = plain()
    u = smooth_unitary(7, 4)
    model, dressed = base.model(), base.dressed(u)
    k = np.random.default_rng(5).normal(size=(6, 2))
    at = u.at(k, LATTICE)
    np.testing.assert_allclose(at @ at.conj().swapaxes(1, 2), np.broadcast_to(np.eye(4), at.shape), atol=1e-13)
    found = dressed.matrices(k, dressed.spin, frozenset({"curvature"}))
    turn = at.conj().swapaxes(1, 2)[:, None]
    np.testing.assert_allclose(found.dh, turn @ model.matrices(k).dh @ at[:, None], atol=1e-11)
    np.testing.assert_allclose(found.operator, turn @ base.spins @ at[:, None], atol=1e-11)
    np.testing.assert_allclose(found.curvature, 0, atol=1e-11)


def test_a_few_bands_and_what_lies_outside_them() -> None:
    """H = U diag(h2, e3, e4) U^dagger: the two lower bands alone, exactly, against the whole model, at every k."""
    rng = np.random.default_rng(11)
    u = smooth_unitary(2, 4)
    inner = plain(8, (-3.0, -1.0)).h
    top = np.diag([0, 0, 4.0, 6.0]).astype(complex)
    block = {r: np.pad(x, ((0, 2), (0, 2))) for r, x in inner.blocks.items()}
    block[0, 0] = block[0, 0] + top
    whole = Plain(LATTICE, u @ Series(block) @ u.adjoint(), rng.uniform(-0.5, 0.5, (4, 2)), np.zeros((3, 4, 4)))
    few, every = whole.dressed(u, keep=2), whole.model()
    for mu in (-2.0, 1.5):
        a = anomalous_hall(few, mu, method=MESH)
        b = anomalous_hall(every, mu, method=MESH)
        np.testing.assert_allclose(a["conductivity"], b["conductivity"], atol=1e-10)
        np.testing.assert_allclose(a["conductivity"], a["within"] + a["outside"], atol=1e-12)
        # summed over both bands it is the trace of a curvature: a total derivative
        size = float(abs(a["outside"]).max())
        assert size > 1e-3 if mu < 0 else size < 1e-12
        charge = spin_hall(few, mu, method=MESH, spin=-np.eye(2)[None], unit="e", definitions=["liu2023"])
        np.testing.assert_allclose(2 * np.pi * charge["liu2023"].isel(spin=0), a["within"], atol=1e-10)
    k = rng.normal(size=(5, 2))
    curvature = [band_geometry(m, k)["berry_curvature"].values[:, :2] for m in (few, every)]
    np.testing.assert_allclose(curvature[0], curvature[1], atol=1e-9)


def test_qiao_is_simple_in_a_complete_basis() -> None:
    base = plain()
    dressed = base.dressed(smooth_unitary(7, 4), extra=True)
    assert dressed.interpolations == ("qiao",)
    names = ("conventional",)
    for eta in (0.0, 0.1):
        qiao = responses(dressed, names=names, velocity="qiao", eta=eta)
        assert_same(qiao, responses(base.model(), names=names, eta=eta), names)
    broken = base.dressed(smooth_unitary(7, 4), extra=True)
    broken.extra_blocks["spin_hamiltonian_position"] = 1.01 * broken.extra_blocks["spin_hamiltonian_position"]
    other = responses(broken, names=names, velocity="qiao")
    assert np.abs(other["conventional"] - qiao["conventional"]).max() > 1e-5
    # its matrices hold the model's own spin: anything else would be ignored without a word
    for asked in ({"projector": np.eye(dressed.n_states)[0]}, {"spin": -np.eye(dressed.n_states)[None]}):
        with pytest.raises(InputError, match="hold the model's own spin"):
            responses(dressed, names=names, velocity="qiao", **asked)


def doubled(model: TightBinding) -> TightBinding:
    """Two cells along the first lattice vector as one."""
    n = model.n_states
    blocks: dict[tuple[int, int, int], Any] = {}
    for r, x in zip(model.vectors, model.hamiltonian, strict=True):
        for home in (0, 1):
            cell, image = divmod(int(r[0]) + home, 2)
            target = blocks.setdefault((cell, int(r[1]), int(r[2])), np.zeros((2 * n, 2 * n), complex))
            target[home * n : (home + 1) * n, image * n : (image + 1) * n] += x
    lattice = model.cell.copy()
    lattice[0] *= 2
    spin = None
    if model.spin is not None:
        spin = Operator.constant(np.array([np.kron(np.eye(2), s) for s in model.spin.blocks[0]]))
    return TightBinding(
        lattice=lattice,
        vectors=np.array(list(blocks)),
        hamiltonian=np.array(list(blocks.values())),
        positions=np.concatenate([model.positions, model.positions + model.cell[0]]),
        dim=2,
        spin=spin,
    )


@pytest.mark.parametrize("mu", [0.0, 0.7])
def test_doubling_the_cell(mu: float) -> None:
    """The folded mesh has the same points, so the numbers are the same, folded degeneracies or not."""
    whole, half = UniformMesh((12, 10)), UniformMesh((6, 10))
    for model in (haldane(mass=0.1), qwz(mass=-0.8)):
        a = anomalous_hall(model, mu, method=whole)["conductivity"]
        b = anomalous_hall(doubled(model), mu, method=half)["conductivity"]
        np.testing.assert_allclose(a, b, atol=1e-10)
    model = kane_mele(lambda_r=0.2)
    names = ("conventional",)
    assert_same(
        responses(doubled(model), mu, method=half, names=names), responses(model, mu, method=whole, names=names), names
    )
    if mu == 0.0:
        shi, model = ("shi2006",), kane_mele()
        assert_same(
            responses(doubled(model), mu, method=half, names=shi), responses(model, mu, method=whole, names=shi), shi
        )


@pytest.mark.parametrize("parts", [(), ("curvature",), ("extra",)], ids=str)
def test_products_of_a_large_model_are_multiplied_at_each_k(parts: tuple[str, ...], monkeypatch: Any) -> None:
    """A sum over twice the range, or matrices multiplied at k: the same to rounding."""
    model = plain().dressed(smooth_unitary(7, 4), extra=True)
    k = np.random.default_rng(5).uniform(-3.0, 3.0, (7, 2))
    kept = model.matrices(k, None, frozenset(parts))
    monkeypatch.setattr(tight_binding, "_LARGEST_PRODUCT", 0.0)
    fresh = pickle.loads(pickle.dumps(model))
    found = fresh.matrices(k, None, frozenset(parts))
    assert not any(isinstance(key, tuple) and key[0] in ("external", "qiao") for key in fresh._sums)
    np.testing.assert_allclose(found.dh, kept.dh, rtol=0, atol=1e-12)
    if "curvature" in parts:
        np.testing.assert_allclose(found.curvature, kept.curvature, rtol=0, atol=1e-12)
    for name, value in kept.extra.items():
        np.testing.assert_allclose(found.extra[name], value, rtol=0, atol=1e-12)


def test_pickled_model_gives_the_same_bits() -> None:
    model = plain().dressed(smooth_unitary(7, 4))
    before = responses(model)
    copy = pickle.loads(pickle.dumps(model))
    assert len(pickle.dumps(model)) < 3 * model.hamiltonian.nbytes * 8, "prepared sums do not travel"
    after = responses(copy)
    for name in NAMES:
        assert before[name].values.tobytes() == after[name].values.tobytes()


# ---- what is refused ----


def arrays(**changes: Any) -> dict[str, Any]:
    vectors = np.array([[0, 0, 0], [1, 0, 0], [-1, 0, 0]])
    h = np.array([np.diag([1.0, -1]), [[0, 0.5], [0, 0]], [[0, 0], [0.5, 0]]], dtype=complex)
    return {"lattice": np.eye(3), "vectors": vectors, "hamiltonian": h, "positions": np.zeros((2, 3)), **changes}


def with_element(value: complex, at: tuple[int, int, int] = (1, 0, 1)) -> Any:
    h = arrays()["hamiltonian"].copy()
    h[at] = value
    return h


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hamiltonian": with_element(0.6)}, r"not Hermitian: .* reaches 1\.00e-01 eV \(tolerance 1e-06\)"),
        ({"hamiltonian": with_element(np.nan)}, "hamiltonian holds NaN or infinity"),
        ({"positions": np.full((2, 3), np.inf)}, "positions holds NaN or infinity"),
        ({"positions": np.zeros((3, 3))}, r"positions has shape \(3, 3\), expected \(2, 3\)"),
        ({"position_blocks": np.zeros((3, 2, 2, 2))}, r"position_blocks has shape"),
        ({"position_blocks": np.full((3, 3, 2, 2), np.nan)}, r"position_blocks holds NaN"),
        ({"vectors": np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0]])}, "the same lattice vector appears twice"),
        ({"vectors": np.zeros((3, 4), int)}, r"lattice vectors need shape \(nR, 3\), got \(3, 4\)"),
        ({"hamiltonian": arrays()["hamiltonian"][:2], "vectors": arrays()["vectors"][:2]}, "not Hermitian"),
        ({"lattice": np.ones((3, 3))}, "three independent rows"),
        ({"lattice": np.array([[1, 0, 0.2], [0, 1, 0], [0, 0, 1.0]]), "dim": 2}, "first two lattice vectors in the xy"),
        ({"dim": 1}, "dim must be 2 or 3, got 1"),
        ({"spin": Operator.constant(np.zeros((3, 4, 4)))}, "operator 'spin' acts on 4 states, the model has 2"),
    ],
)
def test_bad_arrays_are_refused(changes: dict[str, Any], message: str) -> None:
    TightBinding(**arrays())
    with pytest.raises(InputError, match=message):
        TightBinding(**arrays(**changes))


def test_tolerance_of_hermiticity_is_an_argument() -> None:
    h = with_element(0.5 + 1e-5)
    with pytest.raises(InputError, match="not Hermitian"):
        TightBinding(**arrays(hamiltonian=h))
    model = TightBinding(**arrays(hamiltonian=h, tolerance=1e-4))
    assert hermiticity_residual(model.vectors, model.hamiltonian) == pytest.approx(1e-5)


def test_two_dimensional_input_is_completed() -> None:
    model = TightBinding(**arrays(lattice=np.eye(2), vectors=arrays()["vectors"][:, :2], dim=2))
    assert model.cell.shape == (3, 3) and model.vectors.shape == (3, 3)
    np.testing.assert_allclose(model.domain.measure, (2 * np.pi) ** 2)
