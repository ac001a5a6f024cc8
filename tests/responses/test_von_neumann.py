"""Direct propagation: signs and gauges against real space and a separate density matrix, and against the tensors."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.models.kp import CallableKP
from crosscurrent.models.materials.dirac import helical_dirac, massive_dirac
from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.models.materials.mnbi2te4 import mnbi2te4
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.chunks import Partial, Work, serial
from crosscurrent.numerics.domains import Disk
from crosscurrent.numerics.waveforms import GaussianPulse
from crosscurrent.numerics.zone import Adaptive, PolarGrid, UniformMesh
from crosscurrent.responses.spin_pulse import spin_pulse
from crosscurrent.responses.von_neumann import VonNeumannIntegrand
from crosscurrent.units import InputError

HBAR = 6.582119569e-4  # eV ps
PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def spin_at(model: Any, k: Sequence[float], pulse: GaussianPulse, times: np.ndarray, filling: int) -> np.ndarray:
    """S(t) of one point, (nt, 3), hbar."""
    batch = Batch(np.zeros(1, dtype=int), 1, np.ones((1, 1)), k=np.array([k]))
    integrand = VonNeumannIntegrand(model, model.spin, pulse, times, filling, None, 1e-7, (1.0,))
    return integrand(batch)["spin_0"][0, 0]


def chain(wannier: bool) -> TightBinding:
    """An insulating chain along x with two orbitals in the cell, at 0.4 and 2.1 of 4 angstrom, spin-orbit coupling and
    exchange; with or without position matrix elements between the orbitals."""
    one, sx, sy, sz = np.eye(2), *PAULI
    a_to_b, stagger = np.array([[0, 1], [0, 0]]), np.diag([1, -1])
    home = 1.2 * np.kron(stagger, one) + 0.3 * np.kron(one, sz + sx) + 0.4 * np.kron(stagger, sx - sy)
    within = np.kron(a_to_b, 0.5 * one + 0.3j * sy)
    home = home + within + within.conj().T
    forth = np.kron(a_to_b.T, -0.25 * one + 0.2j * sx) + 0.05 * np.kron(one, sy)
    vectors = np.array([[0, 0, 0], [1, 0, 0], [-1, 0, 0]])
    x = np.repeat([0.4, 2.1], 2)
    blocks = None
    if wannier:
        blocks = np.zeros((3, 3, 4, 4), dtype=complex)
        mixed = np.kron(a_to_b, 0.3 * one + 0.2j * sz)
        blocks[0, 0] = np.diag(x) + mixed + mixed.conj().T
        blocks[1, 0] = np.kron(a_to_b.T, 0.25 * one + 0.1 * sy)
        blocks[2, 0] = blocks[1, 0].conj().T
    return TightBinding(
        lattice=np.diag([4.0, 4.0]),
        vectors=vectors,
        hamiltonian=np.array([home, forth, forth.conj().T]),
        positions=np.outer(x, [1, 0, 0]),
        position_blocks=blocks,
        dim=2,
        spin=Operator.constant(np.array([np.kron(one, s / 2) for s in PAULI])),
    )


def real_space(model: TightBinding, cells: int, pulse: GaussianPulse, times: np.ndarray) -> np.ndarray:
    """The spin of the middle cell of an open chain with H + e E.x, no wave vector anywhere, (nt, 3) hbar per cell."""
    n = model.n_states
    h, x = np.zeros((2, cells, n, cells, n), dtype=complex)
    for vector, hopping, position in zip(
        model.vectors[:, 0],
        model.hamiltonian,
        model.position_blocks[:, 0]
        if model.position_blocks is not None
        else [np.diag(model.positions[:, 0]), *[0] * 2],
        strict=True,
    ):
        for cell in range(cells):
            if 0 <= cell + vector < cells:
                h[cell, :, cell + vector] += hopping
                x[cell, :, cell + vector] += position
    index = np.arange(n)
    for cell in range(cells):
        x[cell, index, cell, index] += 4.0 * cell
    h, x = h.reshape(cells * n, -1), x.reshape(cells * n, -1)
    filled = np.linalg.eigh(h)[1][:, : cells * n // 2]

    def slope(t: float, flat: np.ndarray) -> np.ndarray:
        field = pulse(t)[0, 0] * 1e-10
        return (-1j / HBAR * ((h + field * x) @ flat.reshape(filled.shape))).ravel()

    done = solve_ivp(slope, (times[0], times[-1]), filled.ravel(), "DOP853", times, rtol=1e-9, atol=1e-11)
    middle = slice(n * (cells // 2), n * (cells // 2 + 1))
    psi = done.y.T.reshape(len(times), *filled.shape)[:, middle]
    spin = np.einsum("tam,lab,tbm->tl", psi.conj(), model.spin.blocks[0], psi).real
    return spin - spin[0]


@pytest.mark.parametrize("wannier", [False, True], ids=["orbital positions", "position matrix"])
def test_real_space(wannier: bool) -> None:
    """A strong field on a finite piece of crystal: fixes the sign of dk/dt, the gauge, and the position matrix."""
    model = chain(wannier)
    pulse = GaussianPulse((1e8, 0.0), 60.0, 0.02)
    times = np.linspace(*pulse.support, 25)
    expected = real_space(model, 16, pulse, times)
    method = UniformMesh((24, 1))
    done = spin_pulse(model, None, pulse, filling=2, method=method, route="von_neumann", times=times)
    # mu_B per nm^2 to hbar per cell
    found = done.spin_density.sel(projection="total").values * 0.16 / 2
    size = np.abs(expected).max(axis=0)
    assert (size > 5e-5).all(), "every component is tested"
    assert (np.abs(found - expected).max(axis=0) < 2e-3 * size).all()
    if wannier:
        bare = chain(False)
        other = spin_pulse(bare, None, pulse, filling=2, method=method, route="von_neumann", times=times)
        assert np.abs(other.spin_density.values[..., 0] * 0.08 - expected).max() > 0.05 * size.max()


def atomic_gauge(model: TightBinding, k: Sequence[float], pulse: GaussianPulse, times: np.ndarray) -> np.ndarray:
    """i hbar d rho/dt = [H(k(t)), rho] with phases exp(i k.(R + tau_b - tau_a)), where nothing is added to H."""
    tau = model.positions[:, :2]
    distance = (model.vectors @ model.cell)[:, None, None, :2] + tau - tau[:, None]

    def hamiltonian(t: float) -> np.ndarray:
        at = np.array(k) - 1e-10 / HBAR * pulse.impulse(t)[0]
        return np.sum(np.exp(1j * distance @ at) * model.hamiltonian, axis=0)

    def projector(t: float) -> np.ndarray:
        filled = np.linalg.eigh(hamiltonian(t))[1][:, : model.n_states // 2]
        return filled @ filled.conj().T

    def slope(t: float, flat: np.ndarray) -> np.ndarray:
        rho, h = flat.reshape(model.n_states, -1), hamiltonian(t)
        return (-1j / HBAR * (h @ rho - rho @ h)).ravel()

    start = projector(times[0]).ravel()
    rho = solve_ivp(slope, (times[0], times[-1]), start, "DOP853", times, rtol=1e-11, atol=1e-13).y.T
    change = rho.reshape(len(times), model.n_states, -1) - np.array([projector(t) for t in times])
    # spin is diagonal in the orbitals, so the phases do not touch it
    return np.einsum("tab,lba->tl", change, model.spin.blocks[0]).real


def test_atomic_gauge() -> None:
    model = kane_mele(lambda_v=0.4, lambda_r=0.2, lattice_constant=3.0)
    pulse = GaussianPulse((2e8, 1e8), 30.0, 0.02, phase=(0.0, 1.0))
    times = np.linspace(*pulse.support, 21)
    k = (1.1, 0.35)
    expected = atomic_gauge(model, k, pulse, times)
    np.testing.assert_allclose(spin_at(model, k, pulse, times, 2), expected, atol=1e-6 * np.abs(expected).max())
    moved = kane_mele(lambda_v=0.4, lambda_r=0.2, lattice_constant=3.0)
    moved.positions[:] = 0
    assert np.abs(spin_at(moved, k, pulse, times, 2) - expected).max() > 0.05 * np.abs(expected).max()


def test_any_field_strength_for_two_levels() -> None:
    """A k.p model in a field so strong that k passes the gap, against the equation of the density matrix."""
    model = massive_dirac(cutoff=Disk(0.3))
    pulse = GaussianPulse((3e7, 1e7), 10.0, 0.05)
    times = np.linspace(*pulse.support, 21)
    k = np.array([0.02, -0.01])

    def h(t: float) -> np.ndarray:
        x, y = k - 1e-10 / HBAR * pulse.impulse(t)[0]
        return 3.33 * (x * PAULI[0] + y * PAULI[1]) + 0.05 * PAULI[2]

    def slope(t: float, flat: np.ndarray) -> np.ndarray:
        rho = flat.reshape(2, 2)
        return (-1j / HBAR * (h(t) @ rho - rho @ h(t))).ravel()

    ground = [np.linalg.eigh(h(t))[1][:, :1] for t in times]
    projectors = np.array([v @ v.conj().T for v in ground])
    done = solve_ivp(slope, times[[0, -1]], projectors[0].ravel(), "DOP853", times, rtol=1e-10, atol=1e-12)
    change = done.y.T.reshape(-1, 2, 2) - projectors
    expected = np.einsum("tab,lba->tl", change, PAULI / 2).real
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(spin_at(model, k, pulse, times, 1), expected, atol=1e-6)


def both(model: BlochModel, mu: float, pulse: GaussianPulse, method: Any, **options: Any) -> tuple[Any, Any]:
    tensors = spin_pulse(model, mu, pulse, method=method, **options)
    times = tensors.time.values[:: len(tensors.time) // 60]
    tensors = tensors.sel(time=times)
    return tensors, spin_pulse(model, mu, pulse, method=method, route="von_neumann", times=times, **options)


def test_equals_the_tensors_for_bilayer_mnbi2te4() -> None:
    pulse = GaussianPulse((300.0, -200.0), 10.0, 0.15, phase=(0.4, 1.2))
    options: dict[str, Any] = {"projections": ("layer 1", "layer 2"), "complete": True, "thickness": 27.28}
    tensors, direct = both(mnbi2te4(), 0.027, pulse, UniformMesh((16, 16)), **options)
    assert direct.spin_density.attrs["units"] == "mu_B/nm^3"
    peak = np.abs(tensors.spin_density).max(("time", "spin"))
    for part in ("total", "layer 1", "layer 2"):
        a, b = tensors.spin_density.sel(projection=part), direct.spin_density.sel(projection=part)
        assert np.abs(a - b).max() < 1e-4 * peak.sel(projection=part)
    layers = tensors.spin_density.sel(projection=["layer 1", "layer 2"]).sum("projection")
    np.testing.assert_allclose(layers, tensors.spin_density.sel(projection="total"), atol=1e-12 * peak.max().item())
    shares = [np.abs(tensors[f"spin_density_{n}"]).max().item() / peak.max().item() for n in (0, 1, 2)]
    assert min(shares) > 0.05, "all three mechanisms take part"


def test_equals_the_tensors_for_a_dirac_pulse() -> None:
    model = helical_dirac(mass=0.04)
    pulse = GaussianPulse((500.0, 200.0), 8.0, 0.2, phase=(0.0, 1.0), centre=0.3)
    tensors, direct = both(model, 0.0, pulse, PolarGrid(14, 12))
    peak = np.abs(tensors.spin_density).max().item()
    assert np.abs(tensors.spin_density - direct.spin_density).max() < 1e-4 * peak
    assert np.abs(tensors.spin_density_1).max() > 0.1 * peak


def test_nonlinearity_is_what_half_the_field_lacks() -> None:
    """S_z of Dirac electrons changes with the square of the field; the in-plane spin with its third power."""
    model = massive_dirac(cutoff=Disk(0.3))
    results = {}
    for strength in (1e4, 2e4):
        pulse = GaussianPulse((strength, 0.0), 8.0, 0.15)
        results[strength] = spin_pulse(
            model,
            0.0,
            pulse,
            method=PolarGrid(4, 4),
            route="von_neumann",
            linearity=True,
            times=np.linspace(-0.2, 0.3, 31),
        )
    fractions = [results[e].attrs["nonlinear_fraction"] for e in (1e4, 2e4)]
    assert fractions[1] == pytest.approx(2 * fractions[0], rel=0.01)
    z = [np.abs(results[e].spin_density.sel(spin="z")).max().item() for e in (1e4, 2e4)]
    largest = np.abs(results[2e4].spin_density).max().item()
    assert z[1] == pytest.approx(4 * z[0], rel=0.01)
    # S(E) - 2 S(E/2) is half of what goes with the square, so the fraction is the quadratic part itself
    assert fractions[1] == pytest.approx(z[1] / largest, rel=0.01)


def test_moving_cutoff_is_subtracted() -> None:
    """Across a gap of 40 eV the states follow a texture that turns with k; a disk that has moved holds another spin."""

    def texture(k: np.ndarray) -> np.ndarray:
        angle = 3 * k[:, 0, None, None]
        return 20.0 * (np.sin(angle) * PAULI[0] + np.cos(angle) * PAULI[2])

    model = CallableKP(texture, dim=2, cutoff=Disk(0.2), spin=PAULI / 2)
    pulse = GaussianPulse((1e7, 0.0), 5.0, 0.1)
    done = spin_pulse(model, None, pulse, filling=1, method=PolarGrid(4, 4), route="von_neumann")
    # the ground state is opposite to the texture: -sin(3 k_x)/2 hbar, twice that in mu_B, per nm^2
    moved = 3 * done.attrs["excursion_per_angstrom"] * np.pi * 0.2**2 / (2 * np.pi) ** 2 * 100
    assert moved > 0.01
    assert np.abs(done.spin_density).max() < 2e-3 * moved


def shuffled(
    stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
) -> Iterator[Partial]:
    """Pieces made by copies of the work, last one first, as other processes might."""
    made = {i: pickle.loads(pickle.dumps(work))(chunks[i]) for i in reversed(range(len(chunks)))}
    yield from (made[i] for i in range(len(chunks)))


def test_same_bits_whoever_computes() -> None:
    pulse = GaussianPulse((1e6, 0.0), 20.0, 0.05)
    settings: dict[str, Any] = {"method": UniformMesh((32, 8)), "route": "von_neumann", "tolerance": 0.1}
    settings["times"] = [-0.05, 0.0, 0.05]
    one = spin_pulse(kane_mele(lambda_v=0.4), 0.0, pulse, **settings, run=serial)
    other = spin_pulse(kane_mele(lambda_v=0.4), 0.0, pulse, **settings, run=shuffled)
    assert one.identical(other)


def test_error_is_honest() -> None:
    """The coarse mesh says how far it is from a fine one."""
    model = kane_mele(lambda_v=0.6, lambda_r=0.3)
    pulse = GaussianPulse((1e6, 5e5), 20.0, 0.03)
    settings: dict[str, Any] = {"route": "von_neumann", "times": np.linspace(-0.06, 0.06, 9), "tolerance": 1e-2}
    coarse = spin_pulse(model, 0.0, pulse, method=UniformMesh((8, 8)), **settings)
    fine = spin_pulse(model, 0.0, pulse, method=UniformMesh((16, 16)), **settings)
    assert (np.abs(coarse.spin_density - fine.spin_density) <= coarse.spin_density_error + 1e-15).all()


def test_time_step_meets_the_tolerance_and_its_error_is_honest() -> None:
    model, k = mnbi2te4(), np.array([[0.02, 0.01], [0.4, -0.2]])
    pulse = GaussianPulse((2e7, 1e7), 12.0, 0.08)
    times = np.linspace(*pulse.support, 41)
    batch = Batch(np.zeros(2, dtype=int), 1, np.ones((1, 2)), k=k)
    found = {}
    for tolerance in (1e-2, 1e-4, 1e-9):
        integrand = VonNeumannIntegrand(model, model.spin, pulse, times, 4, None, tolerance, (1.0,))
        found[tolerance] = integrand(batch)
    exact = found[1e-9]["spin_0"]
    assert found[1e-9]["max:refinement"] > found[1e-4]["max:refinement"] > found[1e-2]["max:refinement"]
    for tolerance in (1e-2, 1e-4):
        off = np.abs(found[tolerance]["spin_0"] - exact)
        assert (off <= found[tolerance]["time_step_0"][..., None] + 1e-10).all()
        assert off.max() < tolerance * np.abs(exact).max()


def test_any_output_times() -> None:
    """Before the pulse there is nothing; one time, late or early, is as good as many."""
    settings: dict[str, Any] = {"method": UniformMesh((2, 2)), "route": "von_neumann", "tolerance": 1e-3}
    model, pulse = kane_mele(lambda_v=0.4), GaussianPulse((1e6, 0.0), 20.0, 0.03)
    start, _ = pulse.support
    many = spin_pulse(model, 0.0, pulse, times=[start - 2, start - 1, 0.01, 0.02], **settings)
    np.testing.assert_allclose(many.spin_density[:2], 0, atol=1e-13)
    early = spin_pulse(model, 0.0, pulse, times=[start - 1], **settings)
    np.testing.assert_allclose(early.spin_density, 0, atol=1e-13)
    late = spin_pulse(model, 0.0, pulse, times=[0.02], **settings)
    largest = np.abs(many.spin_density).max().item()
    assert largest > 1e-9
    np.testing.assert_allclose(late.spin_density[0], many.spin_density[-1], atol=1e-3 * largest)


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (mnbi2te4(layers=6), {}, "at most 16 states, this one has 24"),
        (kane_mele(lambda_v=0.4), {"method": Adaptive()}, "fixed grid of k"),
        (kane_mele(lambda_v=0.4), {"mu": 1.5}, "mu: a band is partly filled"),
        (kane_mele(lambda_v=0.4), {"mu": 99.0}, "no band is filled, or none is empty"),
        (kane_mele(lambda_v=0.4), {"mu": [0.0, 0.1]}, "one chemical potential"),
        (kane_mele(lambda_v=0.4), {"tolerance": 0.0}, "tolerance"),
        (kane_mele(lambda_v=0.4), {"times": [0.0, 0.2, 0.1]}, "times must be"),
        (kane_mele(lambda_v=0.4), {"route": "neumann"}, "unknown route 'neumann'.*'von_neumann'"),
        (kane_mele(lambda_v=0.4), {"waveform": GaussianPulse((0, 0, 1.0), 1.0, 0.3)}, "field along z"),
        (kane_mele(lambda_v=0.0, lambda_so=0.0), {"mu": None, "filling": 2}, "touch at a wave vector"),
    ],
)
def test_refused(model: BlochModel, options: dict[str, Any], message: str) -> None:
    settings: dict[str, Any] = {"waveform": GaussianPulse((1e4, 0.0), 10.0, 0.1), "mu": 0.0, "route": "von_neumann"}
    settings |= {"method": UniformMesh((6, 6)), "times": [0.0, 0.01]} | options
    with pytest.raises(InputError, match=message):
        spin_pulse(model, **settings)
