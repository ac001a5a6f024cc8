"""Steady states of driven slabs: against Lyapunov and Stein equations in real space, symmetries, chunks, precision."""

from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm, solve_continuous_lyapunov, solve_discrete_lyapunov

from crosscurrent.numerics.chunks import Work, serial
from crosscurrent.numerics.driven_slab import DrivenSlab, LayerOperator
from crosscurrent.numerics.steady_state import memory_bytes, steady_state
from crosscurrent.units import InputError

D = 3
GYRATION = np.array([[0.0, -3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


def lattice(shape: tuple[int, int, int], *, symmetric: bool, seed: int = 0, **changes: Any) -> DrivenSlab:
    """A random stable slab with bonds to all 26 neighbours, with or without inversion and the mirror z -> -z."""
    nx, ny, nz = shape
    rng = np.random.default_rng(seed)
    blocks: dict[tuple[int, int, int], np.ndarray] = {}
    vectors = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    drawn = {tuple(r): rng.normal(size=(D, D)) for r in vectors}
    for r in drawn:
        images = [drawn[r], drawn[-r[0], -r[1], -r[2]].T]
        if symmetric:
            images = [image.T for image in images] + images
            s = np.diag([1.0, 1.0, -1.0])
            flipped = [drawn[r[0], r[1], -r[2]], drawn[-r[0], -r[1], r[2]].T]
            images += [s @ image @ s for image in flipped + [f.T for f in flipped]]
        blocks[r] = np.mean(images, axis=0)
    q_x, q_z = 2 * np.pi * np.arange(nx) / nx, 2 * np.pi * np.arange(nz // 2 + 1) / nz
    coupling = np.zeros((nx, nz // 2 + 1, 2 * ny - 1, D, D), dtype=complex)
    for (x, y, z), block in blocks.items():
        if abs(y) < ny:
            phase = np.exp(1j * (q_x[:, None] * x + q_z * z))
            coupling[:, :, ny - 1 - y] += phase[..., None, None] * block
    on_site = np.broadcast_to(np.diag([40.0, 45.0, 50.0]), (ny, D, D)).copy()
    damping = 1.0 + rng.uniform(size=ny)
    damping = 0.5 * (damping + damping[::-1]) if symmetric else damping
    return DrivenSlab(LayerOperator(coupling, on_site), damping, GYRATION, nz, **changes)


def real_space(problem: DrivenSlab, operator: LayerOperator) -> np.ndarray:
    """The whole matrix between cells, (Nx Ny Nz D)^2, by an explicit Fourier sum over every wave vector."""
    nx, ny, nz = problem.nx, problem.layers, problem.nz
    out = np.zeros((nx, nz, ny * D, nx, nz, ny * D), dtype=complex)
    x, z = np.arange(nx), np.arange(nz)
    for qx in range(nx):
        for qz in range(nz):
            matrix = operator.matrix(qx, qz if qz <= nz // 2 else qz - nz)
            phase = np.exp(2j * np.pi * (qx * np.subtract.outer(x, x)[:, None, :, None] / nx))
            phase = phase * np.exp(2j * np.pi * qz * np.subtract.outer(z, z)[None, :, None, :] / nz)
            out += phase[:, :, None, :, :, None] * matrix[:, None, None, :] / (nx * nz)
    assert np.abs(out.imag).max() < 1e-12
    return out.real.reshape(nx * nz * ny * D, -1)


def brute_force(problem: DrivenSlab, theta: np.ndarray) -> np.ndarray:
    """<s s^T>, (Nx, Ny, 2D, 2D), from the matrices of the whole slab; the step is built from its five parts."""
    nx, ny, nz = problem.nx, problem.layers, problem.nz
    stiffness = real_space(problem, problem.stiffness)
    n = len(stiffness)
    cells = np.zeros((nx, nz, ny, D))
    gamma = (cells + problem.damping[:, None]).reshape(-1)
    heat = (cells + theta[:, None, None, None]).reshape(-1)
    turn, one, none = np.kron(np.eye(nx * nz * ny), problem.gyration), np.eye(n), np.zeros((n, n))
    if problem.step is None:
        drift = np.block([[none, -one], [stiffness, np.diag(gamma) - turn]])
        covariance = solve_continuous_lyapunov(drift, np.diag(np.r_[np.zeros(n), 2 * gamma * heat]))
    else:
        h = problem.step
        kick = np.block([[one, none], [-h / 2 * stiffness, one]])
        drift = np.block([[one, h / 2 * one], [none, one]])
        bath = np.block([[one, none], [none, np.diag(np.exp(-gamma * h)) @ expm(turn * h)]])
        noise = np.diag(np.r_[np.zeros(n), (1 - np.exp(-2 * gamma * h)) * heat])
        # from after the first half kick to after the first half kick of the next step: A O A B B
        after = kick @ kick @ drift
        covariance = solve_discrete_lyapunov(after @ bath @ drift, after @ noise @ after.T)
    full = covariance.reshape(2, nx, nz, ny, D, 2, nx, nz, ny, D)
    local = np.einsum("ixzyajxzyb->xyziajb", full)
    np.testing.assert_allclose(local, local[:, :, :1] + np.zeros_like(local), atol=1e-11)
    return local[:, :, 0].reshape(nx, ny, 2 * D, 2 * D)


@pytest.mark.parametrize("step", [None, 0.05])
@pytest.mark.parametrize("shape", [(4, 3, 3), (3, 2, 2), (5, 1, 1), (2, 4, 2)])
@pytest.mark.parametrize("symmetric", [True, False])
def test_brute_force(shape: tuple[int, int, int], symmetric: bool, step: float | None) -> None:
    problem = lattice(shape, symmetric=symmetric, step=step)
    assert problem.symmetric == symmetric
    theta = np.random.default_rng(5).uniform(0, 2, size=shape[0])
    found = steady_state(problem)
    expected = brute_force(problem, theta)
    np.testing.assert_allclose(found.covariance(theta), expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    assert found.error < 1e-12


@pytest.mark.parametrize("field", [0.0, 1.0])
def test_fast_route_is_the_plain_one(field: float) -> None:
    """Kernels with every symmetry used against none; without a field the slab falls into parts that never meet."""
    probes = {"even": lattice((6, 5, 4), symmetric=True, seed=3).stiffness}
    odd = LayerOperator(
        1j * (c := probes["even"].coupling) * np.sin(np.arange(6) * np.pi / 3)[:, None, None, None, None],
        0 * probes["even"].on_site,
    )
    problem = lattice((6, 5, 4), symmetric=True, probes=probes | {"odd": odd})
    assert c.shape == (6, 3, 9, 3, 3)
    problem = replace(problem, gyration=field * GYRATION)
    plain = replace(problem, mirror_signs=(1.0, -1.0, -1.0))
    assert problem.symmetric and not plain.symmetric
    assert odd.inversion() == -1
    fast, slow = steady_state(problem), steady_state(plain)
    np.testing.assert_allclose(fast.kernel, slow.kernel, atol=1e-12 * np.abs(slow.kernel).max())
    for name in problem.probes:
        np.testing.assert_allclose(fast.probes[name], slow.probes[name], atol=1e-12 * np.abs(slow.probes[name]).max())


def test_probe_is_a_function_of_the_displacements() -> None:
    """With g = b(y) u the correlation <s g> is the one with u, layer by layer."""
    problem = lattice((4, 3, 3), symmetric=True)
    weight = np.array([2.0, 3.0, 2.0])[:, None, None] * np.diag([1.0, 2.0, 3.0])
    local = LayerOperator(0 * problem.stiffness.coupling, weight)
    found = steady_state(replace(problem, probes={"weighted": local}))
    theta = np.array([1.0, 2.0, 0.0, 0.5])
    expected = found.covariance(theta)[..., :3] @ weight
    np.testing.assert_allclose(found.probe("weighted", theta), expected, atol=1e-13)
    np.testing.assert_allclose(found.covariance(theta), steady_state(problem).covariance(theta), atol=1e-13)


@pytest.mark.parametrize("step", [None, 0.05])
def test_uniform_bath_is_equipartition(step: float | None) -> None:
    """<v v> = theta and <u u> = theta D^-1 at any field; with a step, <u v> = -h/2 and the rest unbiased."""
    problem = lattice((4, 3, 3), symmetric=True, step=step)
    covariance = steady_state(problem).covariance(np.full(4, 2.0))
    np.testing.assert_allclose(covariance[..., 3:, 3:], 2 * np.broadcast_to(np.eye(3), (4, 3, 3, 3)), atol=1e-12)
    inverse = np.linalg.inv(real_space(problem, problem.stiffness)).reshape(4, 3, 3, 3, 4, 3, 3, 3)
    np.testing.assert_allclose(
        covariance[0, :, :3, :3], 2 * np.einsum("yayb->yab", inverse[0, 0, :, :, 0, 0]), atol=1e-13
    )
    cross = 0.0 if step is None else -2 * step / 2
    np.testing.assert_allclose(covariance[..., :3, 3:], cross * np.broadcast_to(np.eye(3), (4, 3, 3, 3)), atol=1e-12)


def test_step_converges_to_continuous_time() -> None:
    """With second order; <u v> is measured half a step apart, which is first order."""
    theta = np.array([1.0, 2.0, 0.0, 0.5])
    exact = steady_state(lattice((4, 3, 3), symmetric=True)).covariance(theta)
    errors = [
        np.abs(steady_state(lattice((4, 3, 3), symmetric=True, step=h)).covariance(theta) - exact)[..., :3, :3].max()
        for h in (0.04, 0.02, 0.01)
    ]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(2, abs=0.1)


def test_response_in_real_space() -> None:
    """O(x, y) is the answer to one hot cell, so that any theta is a convolution with it."""
    found = steady_state(lattice((5, 3, 2), symmetric=True))
    hot = np.zeros(5)
    hot[0] = 1.0
    kernel = found.real_space()
    np.testing.assert_allclose(found.covariance(hot), kernel, atol=1e-14)
    theta = np.random.default_rng(7).uniform(size=5)
    direct = sum(theta[x] * np.roll(kernel, x, axis=0) for x in range(5))
    np.testing.assert_allclose(found.covariance(theta), direct, atol=1e-13)
    with pytest.raises(ValueError, match="5 cells along x"):
        found.covariance(np.ones(4))


@pytest.mark.parametrize("symmetric", [True, False])
def test_chunks_add_up(symmetric: bool) -> None:
    problem = lattice((6, 3, 3), symmetric=symmetric)
    seen: list[tuple[int, int, int]] = []

    def watched(stage: str, work: Work, chunks: Sequence[Any], weights: Any = None) -> Iterator[Any]:
        assert stage == "mine"
        seen.extend(chunks)
        # as a worker process would get it
        return serial(stage, pickle.loads(pickle.dumps(work)), chunks)

    whole, parts = steady_state(problem), steady_state(problem, parts=3, stage="mine", run=watched)
    np.testing.assert_allclose(parts.kernel, whole.kernel, atol=1e-13)
    assert parts.error == pytest.approx(whole.error, rel=0.5)
    assert len(seen) == 3 * (2 if symmetric else 3)


def by_kind(kernel: np.ndarray) -> np.ndarray:
    """Largest elements for uu, uv, vu and vv, (Nx//2 + 1, 2, 2)."""
    return np.abs(kernel).reshape(len(kernel), -1, 2, D, 2, D).max(axis=(1, 3, 5))


@pytest.mark.parametrize("step", [None, 0.05])
@pytest.mark.parametrize("field", [0.0, 1.0])
def test_single_precision_is_within_its_error(field: float, step: float | None) -> None:
    """For every k and kind, and for any theta; and the bound is not much larger than what happens."""
    problem = replace(lattice((8, 5, 3), symmetric=True, step=step), gyration=field * GYRATION)
    exact, rounded = steady_state(problem), steady_state(problem, precision="single")
    off = by_kind(rounded.kernel - exact.kernel)
    assert np.all(off <= rounded.rounding) and off[1:].max() > 0
    assert rounded.rounding[1:].max() < 200 * off.max()
    assert exact.error < 1e-12 < 1e-8 < rounded.error
    theta = np.random.default_rng(1).uniform(size=8)
    off = by_kind(rounded.covariance(theta) - exact.covariance(theta)).max(axis=0)
    assert np.all(off <= rounded.errors(theta))
    np.testing.assert_allclose(rounded.errors(np.full(8, 2.0)), 2 * rounded.rounding[0], rtol=1e-9)


@pytest.mark.parametrize("distance", [1e-1, 1e-2, 1e-3, 1e-5])
def test_rounding_where_two_modes_nearly_coincide(distance: float) -> None:
    """Near critical damping what rounding does grows with the inverse distance, in single and in double precision."""
    problem = lattice((6, 1, 1), symmetric=True)
    still = LayerOperator(0 * problem.stiffness.coupling, problem.stiffness.on_site)
    damping = np.array([2 * np.sqrt(40.0) * (1 + distance)])
    problem = replace(problem, stiffness=still, damping=damping, gyration=0 * GYRATION)
    # cells that never meet: <u u> = theta/40, <v v> = theta and <u v> = 0
    expected = np.zeros((4, 2 * D, 2 * D)) + np.diag([1 / 40, 1 / 45, 1 / 50, 1, 1, 1])
    for precision, unit in (("single", 6e-8), ("double", 1e-16)):
        found = steady_state(problem, precision=precision)
        off = by_kind(found.kernel[:, 0] - expected)
        assert np.all(off <= found.rounding)
        assert unit < found.error * distance < 100 * unit


def test_overdamped_modes() -> None:
    """Real eigenvalues, which have no conjugate partner in the packed form."""
    problem = replace(lattice((4, 3, 2), symmetric=True), gyration=0 * GYRATION, damping=np.array([30.0, 9.0, 30.0]))
    theta = np.array([1.0, 0.0, 2.0, 0.5])
    expected = brute_force(problem, theta)
    np.testing.assert_allclose(steady_state(problem).covariance(theta), expected, atol=1e-11 * np.abs(expected).max())


def test_memory_covers_what_is_held() -> None:
    problem = lattice((12, 14, 1), symmetric=True)
    tracemalloc.start()
    steady_state(problem)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.4 * memory_bytes(problem) < peak < 1.5 * memory_bytes(problem)


def test_refusals() -> None:
    problem = lattice((4, 3, 2), symmetric=True)
    soft = replace(
        problem, stiffness=LayerOperator(problem.stiffness.coupling, problem.stiffness.on_site - 60 * np.eye(3))
    )
    with pytest.raises(InputError, match="not stable"):
        steady_state(soft)
    with pytest.raises(InputError, match="too long"):
        steady_state(replace(problem, step=0.5))
    with pytest.raises(InputError, match="unknown precision"):
        steady_state(problem, precision="half")
    with pytest.raises(InputError, match="0 parts"):
        steady_state(problem, parts=0)
