"""`spin_generation` on models: closed forms, the Kubo sum, occupations, projections, units, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import constants

from crosscurrent.models.bloch import Operator
from crosscurrent.models.materials import material
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.domains import Box, Plane
from crosscurrent.numerics.waveforms import GaussianPulse
from crosscurrent.numerics.zone import Adaptive, PolarGrid, UniformMesh
from crosscurrent.responses import spin_generation_map as spin_generation_map_module
from crosscurrent.responses.direct_gap import DirectGap, direct_gap
from crosscurrent.responses.edelstein import edelstein
from crosscurrent.responses.spin_generation import Occupation, spin_generation
from crosscurrent.responses.spin_generation_map import spin_generation_map
from crosscurrent.responses.spin_mechanisms import spin_mechanisms
from crosscurrent.responses.spin_pulse import spin_pulse
from crosscurrent.units import HBAR_EV_S, InputError

MESH = UniformMesh((12, 12))
BISMUTH_MU = -3.77


@pytest.fixture(scope="module")
def bismuth():
    return material("bismuth")


@pytest.fixture(scope="module")
def layers():
    return material("mnbi2te4")


def kubo_of(result, eta=0.0):
    z = (result.omega + 1j * eta) / HBAR_EV_S
    return result.upsilon0 - 1j * z * result.upsilon1 - z**2 * result.upsilon2


def assert_sum_is_kubo(result, eta=0.0, tolerance=1e-12):
    total = kubo_of(result, eta).transpose(*result.chi.dims)
    assert float(np.abs(result.chi).max()) > 0
    np.testing.assert_allclose(total, result.chi, rtol=0, atol=tolerance * float(np.abs(result.chi).max()))


# ------------------------------------------------------------------------------------------------ Dirac electrons
@pytest.mark.parametrize("spin_factor", [0.5, 1.0])
def test_dirac_electrons_give_the_closed_forms(spin_factor):
    """Eq. (13): D1/S0 and D2/S0 at three frequencies, with S0 = e E/(4 pi v) for the spin hbar sigma of the paper."""
    velocity, mass, field = 3.3, 0.15, 1e4
    model = material(
        "helical-dirac", velocity=velocity, mass=mass, spin_factor=spin_factor, cutoff=Plane(mass / velocity)
    )
    zeta = np.array([0.1, 0.5, 0.9])
    result = spin_generation(
        model, 0.0, 2 * mass * zeta, method=PolarGrid(radial=120, angular=8), field=[field, 0.0, 0.0]
    )
    # hbar/angstrom^2 to g s/hbar per nm^2; the electron's e of the paper is negative
    s0 = -spin_factor * field * 1e-10 / (4 * np.pi * velocity) * 2 * 100
    density = result.sel(projection="total", mu=0.0)
    first = [0.0669350604, 0.3732653608, 1.0893316519]
    second = [0.0033534773, 0.0986122887, 0.6357994329]
    np.testing.assert_allclose(density.spin_density_0.sel(spin="x"), s0, rtol=1e-9)
    np.testing.assert_allclose(density.spin_density_1.sel(spin="y") / s0, first, rtol=0, atol=1e-9)
    np.testing.assert_allclose(density.spin_density_2.sel(spin="x") / s0, second, rtol=0, atol=1e-9)
    # the closed forms themselves, as functions
    arccoth = np.arctanh(zeta)
    np.testing.assert_allclose(first, (1 + zeta**-2) / 2 * arccoth - 1 / (2 * zeta), atol=1e-9)
    np.testing.assert_allclose(second, arccoth / zeta - 1, atol=1e-9)
    forbidden = [
        density.spin_density_1.sel(spin="x"),
        density.spin_density_2.sel(spin="y"),
        density.spin_density.sel(spin="z"),
    ]
    assert max(float(np.abs(f).max()) for f in forbidden) < 1e-12 * abs(s0)


def test_dirac_spin_in_si_units_by_hand():
    """The dc spin of Dirac electrons from SI constants alone, e E hbar c/(4 pi v hbar) hbar per area."""
    v, mass_ev = 5e5, 0.15
    model = material("helical-dirac", velocity=v * constants.hbar / constants.e * 1e10, mass=mass_ev)
    result = spin_generation(model, 0.0, [0.1], method=PolarGrid(radial=120, angular=8), unit="SI")
    by_hand = -constants.e / (8 * np.pi * v)  # J s per area and field, for spin hbar/2; e < 0 in the paper
    assert result.upsilon0.attrs["units"] == "J s/(V m)"
    found = float(result.upsilon0.sel(spin="x", field="x", projection="total", mu=0.0))
    np.testing.assert_allclose(found, by_hand, rtol=1e-9)
    hbar = spin_generation(model, 0.0, [0.1], method=PolarGrid(radial=120, angular=8))
    for name, unit in (("upsilon0", "hbar/(V m)"), ("upsilon1", "hbar s/(V m)"), ("upsilon2", "hbar s^2/(V m)")):
        assert hbar[name].attrs["units"] == unit
        np.testing.assert_allclose(
            hbar[name] * constants.hbar, result[name], rtol=1e-9, atol=1e-12 * float(np.abs(result[name]).max())
        )


# ------------------------------------------------------------------------------------------------ sum = Kubo
@pytest.mark.parametrize(
    ("mu", "temperature", "eta"),
    [(BISMUTH_MU, 0.0, 0.0), (BISMUTH_MU, 0.0, 0.01), (BISMUTH_MU, 300.0, 0.02), ([-4.5, -3.0], 0.0, 0.05)],
)
def test_tensors_add_up_to_the_kubo_formula(bismuth, mu, temperature, eta):
    half = np.arange(24) < 12
    result = spin_generation(
        bismuth,
        mu,
        [0.0, 0.05, 0.15],
        method=MESH,
        kubo=True,
        eta=eta,
        temperature=temperature,
        projections={"half": half * 1.0},
    )
    # thermal occupations leave pairs of nearly full bands in the sum, which cancel only to rounding over their gap
    assert_sum_is_kubo(result, eta, 1e-11 if temperature else 1e-12)


def test_finite_temperature_weighs_pairs_with_their_occupations():
    """Against the double sum over all pairs with (f_m - f_n)/2, in a loop over k."""
    model = material("kane-mele")
    mu, temperature, eta, omega = 0.1, 900.0, 0.08, 0.2
    result = spin_generation(model, mu, [omega], method=UniformMesh((5, 4)), temperature=temperature, eta=eta)
    points = [(i / 5, j / 4) for i in range(5) for j in range(4)]
    z, total = omega + 1j * eta, np.zeros((3, 2), dtype=complex)
    for point in points:
        matrices = model.matrices(np.array([point]) @ model.reciprocal, model.spin)
        energies, u = np.linalg.eigh(matrices.h[0])
        v, s = (np.einsum("ia,xij,jb->xab", u.conj(), o[0], u) for o in (matrices.dh, matrices.operator))
        f = 1 / (np.exp((energies - mu) / (constants.k / constants.e * temperature)) + 1)
        for m in range(4):
            for n in range(4):
                if abs(energies[n] - energies[m]) < 1e-4:
                    continue
                gap = energies[n] - energies[m]
                p = s[:, m, n][:, None] * v[:, m, n].conj()[None]
                total += 0.5 * (f[m] - f[n]) * -2 * p.real / (gap * (gap**2 - z**2))
    area = abs(np.linalg.det(model.lattice))
    expected = total / (len(points) * area) * HBAR_EV_S * 1e10
    found = result.upsilon1.sel(projection="total").values[0, 0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


# ------------------------------------------------------------------------------------------------ parts and maps
def test_projections_add_up_and_follow_the_chemical_potential(layers):
    parts = ["layer 1", "layer 2"]
    result = spin_generation(layers, [0.02, 0.0], [0.03], method=MESH, projections=parts, complete=True)
    for name in ("upsilon0", "upsilon1", "upsilon2"):
        values, scale = result[name], float(np.abs(result[name]).max())
        assert scale > 0
        total = values.sel(projection=parts).sum("projection")
        np.testing.assert_allclose(total, values.sel(projection="total"), rtol=0, atol=1e-12 * scale)
        # both levels lie in the gap
        np.testing.assert_allclose(values[0], values[1], rtol=0, atol=1e-13 * scale)
    by_filling = spin_generation(layers, None, [0.03], filling=4, method=MESH, projections=parts)
    np.testing.assert_array_equal(by_filling.upsilon1.values[0], result.upsilon1.values[1])
    assert "filling" in by_filling.dims


def test_time_reversal_leaves_only_the_first_tensor(bismuth):
    result = spin_generation(bismuth, BISMUTH_MU, [0.1], method=MESH, field=[1e7, 0.0], thickness=6.5)
    static, total = np.abs(result.spin_density_0).max(), np.abs(result.spin_density).max()
    resolved = spin_generation_map(bismuth, BISMUTH_MU, [0.1], MESH).upsilon0
    # what is left is the noise of the Wannier functions, small against what cancels between k and -k
    assert float(np.abs(resolved.mean(("k1", "k2"))).max()) < 1e-5 * float(np.abs(resolved).mean())
    assert float(static) < 1e-4 * float(total)


def test_map_sums_to_the_tensor(layers):
    mesh = UniformMesh((6, 5))
    total = spin_generation(layers, 0.0, [0.0, 0.03], method=mesh, projections="all")
    resolved = spin_generation_map(layers, 0.0, [0.0, 0.03], mesh, projections="all")
    area = abs(np.linalg.det(layers.lattice))
    for name in ("upsilon0", "upsilon1", "upsilon2"):
        mean = resolved[name].mean(("k1", "k2")) * 1e10 / area
        np.testing.assert_allclose(mean, total[name][0], rtol=0, atol=1e-12 * float(np.abs(total[name]).max()))
    bands = sum(spin_generation_map(layers, None, [0.0], mesh, band=b, projections="all").upsilon1 for b in range(4))
    np.testing.assert_allclose(bands, resolved.upsilon1[:, :, :1], rtol=0, atol=1e-9 * float(np.abs(bands).max()))


def test_a_constant_change_of_basis_changes_nothing(layers):
    """The doublets of a PT-symmetric model, in another basis of the same sites: no choice inside them may matter."""
    rng = np.random.default_rng(1)
    n = layers.n_states
    q, _ = np.linalg.qr(rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n)))
    lattice = np.eye(3)
    lattice[:2, :2] = layers.lattice
    spin = layers.spin.projected(layers.projectors["layer 1"])
    turned = TightBinding(
        lattice=lattice,
        vectors=layers.vectors,
        hamiltonian=q.conj().T @ layers.hamiltonian @ q,
        positions=np.zeros((n, 3)),
        spin=Operator.constant(q.conj().T @ spin.blocks[0] @ q),
        dim=2,
    )
    options = {"filling": 4, "method": UniformMesh((7, 5))}
    a = spin_generation(layers, None, [0.03], spin=spin, **options)
    b = spin_generation(turned, None, [0.03], **options)
    for name in ("upsilon0", "upsilon1", "upsilon2"):
        scale = float(np.abs(a[name]).max())
        assert scale > 0
        np.testing.assert_allclose(a[name], b[name], rtol=0, atol=1e-11 * scale)


def test_errors_cover_what_a_finer_mesh_says(bismuth):
    # off by 9 %; below 20 x 20 the spots near the smallest gap are missed or hit by luck
    coarse = spin_generation(bismuth, BISMUTH_MU, [0.1], method=UniformMesh((20, 20)))
    fine = spin_generation(bismuth, BISMUTH_MU, [0.1], method=UniformMesh((60, 60)))
    scale = float(np.abs(fine.upsilon1).max())
    off = np.abs(coarse.upsilon1 - fine.upsilon1)
    assert (off <= coarse.upsilon1_error + fine.upsilon1_error + 1e-12 * scale).all()
    assert 0.01 * scale < float(off.max()) < 0.2 * scale


def test_adaptive_cells_agree_with_the_mesh(bismuth):
    fine = spin_generation(bismuth, BISMUTH_MU, [0.1], method=UniformMesh((60, 60)), tensors=["upsilon1"])
    cells = spin_generation(
        bismuth, BISMUTH_MU, [0.1], method=Adaptive(rtol=1e-2, max_evaluations=20_000), tensors=["upsilon1"]
    )
    assert (np.abs(cells.upsilon1 - fine.upsilon1) <= cells.upsilon1_error + fine.upsilon1_error).all()
    assert "upsilon2" not in cells


def test_the_integrand_travels_to_other_processes(bismuth):
    def through_pickle(stage, work, chunks, label):
        return [pickle.loads(pickle.dumps(work))(chunk) for chunk in chunks]

    here = spin_generation(bismuth, BISMUTH_MU, [0.1], method=MESH)
    there = spin_generation(bismuth, BISMUTH_MU, [0.1], method=MESH, run=through_pickle)
    np.testing.assert_array_equal(here.upsilon2, there.upsilon2)


# ------------------------------------------------------------------------------------------------ what is refused
def test_direct_gap_is_found_off_the_mesh():
    """The gap of Kane and Mele's model at K, |6 sqrt(3) lambda_so - 2 lambda_v| without Rashba coupling."""
    model = material("kane-mele", lambda_r=0.0)
    found = direct_gap(model, 2)
    np.testing.assert_allclose(found.gap, 6 * np.sqrt(3) * 0.06 - 2 * 0.1, rtol=1e-6)
    assert np.isclose(found.frequency, found.gap / 4.135667696e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mu": BISMUTH_MU, "omega": [0.1, 0.6]}, "smallest direct gap"),
        ({"mu": -4.5, "omega": [0.1]}, "partly filled"),
        ({"mu": BISMUTH_MU, "omega": [0.1], "temperature": 300.0}, "40 kT"),
        ({"mu": BISMUTH_MU, "omega": [0.1], "per": "volume"}, "(?i)give the thickness"),
        ({"mu": BISMUTH_MU, "omega": [-0.1]}, "photon energies"),
        ({"mu": BISMUTH_MU, "omega": [0.1], "projections": {"half": np.full(24, 0.5)}, "complete": True}, "sum to one"),
        ({"mu": BISMUTH_MU, "omega": [0.1], "projections": {"short": np.ones(3)}}, "24 finite weights"),
        ({"mu": BISMUTH_MU, "omega": [0.1], "projections": ["layer 1"]}, "no projector 'layer 1'"),
        ({"mu": BISMUTH_MU, "omega": [0.1], "field": [1.0, 0.0, 1.0]}, "along z"),
        ({"mu": BISMUTH_MU, "omega": [0.1], "tensors": ["upsilon3"]}, "(?i)did you mean"),
        ({"mu": BISMUTH_MU, "tensors": ["upsilon1"]}, "depends on the frequency"),
        ({"mu": BISMUTH_MU, "omega": [0.1], "unit": "cgs"}, "unit system"),
        ({"mu": BISMUTH_MU, "omega": [0.1], "thickness": -1.0}, "positive length"),
    ],
)
def test_what_is_refused(bismuth, options, words):
    with pytest.raises(InputError, match=words):
        spin_generation(bismuth, method=UniformMesh((4, 4)), **options)


@pytest.mark.parametrize("weights", [np.full(24, 1j), ["half"] * 24])
def test_weights_are_real_numbers(bismuth, weights):
    with pytest.raises(InputError, match="not real numbers"):
        spin_generation(bismuth, BISMUTH_MU, method=UniformMesh((4, 4)), projections={"part": weights})


@pytest.mark.parametrize("filling", [-1, 0, 24, 25])
def test_no_gap_outside_the_bands(bismuth, filling):
    with pytest.raises(InputError, match="Choose from 1 to 23"):
        direct_gap(bismuth, filling)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"eta": -0.1}, "eta must not be negative"),
        ({"temperature": -5.0}, "temperature must not be negative"),
        ({"omega": 0.3}, "omega = 0.3 eV is not below the gap, 0.3 eV at k = \\(0.0000, 0.0000\\)"),
        ({"omega": [0.1, 0.5]}, "not below the gap"),
        ({"mu": 0.0}, "no chemical potential"),
        ({"band": 2}, "there is no band 2"),
    ],
)
def test_what_a_map_of_one_band_refuses(options, words):
    settings = {"mu": None, "omega": 0.1, "where": UniformMesh((5, 5)), "band": 0} | options
    dirac = material("helical-dirac", mass=0.15, cutoff=Box((0.1, 0.1)))
    with pytest.raises(InputError, match=words):
        spin_generation_map(dirac, **settings)


def test_a_map_knows_the_gap_of_its_own_points():
    """0.3 eV is the gap of the model; the points of this map have more."""
    dirac, far = material("helical-dirac", mass=0.15, cutoff=Box((0.1, 0.1))), np.array([[0.08, 0.0]])
    gap = float(np.diff(np.linalg.eigvalsh(dirac.matrices(far).h)).item())
    spin_generation_map(dirac, None, 0.999 * gap, far, band=1)
    with pytest.raises(InputError, match="not below the gap"):
        spin_generation_map(dirac, None, gap, far, band=1)
    spin_generation_map(dirac, None, gap, far, band=1, eta=0.01)
    result = spin_generation_map(dirac, 0.0, 0.1, far)
    assert result.attrs["direct_gap_eV"] == pytest.approx(0.3) and result.attrs["degeneracy_eV"] == 1e-4
    with pytest.raises(InputError, match="smallest direct gap"):
        spin_generation_map(dirac, 0.0, 0.31, far)


def test_a_gap_that_the_first_look_missed_is_met_at_the_point(bismuth, monkeypatch):
    """The search for the gap starts from a mesh: a map that has the points tells."""
    large = Occupation(12, DirectGap(5.0, np.zeros(2)))
    monkeypatch.setattr(spin_generation_map_module, "occupation", lambda *_: large)
    k = direct_gap(bismuth, 12).k[None]
    for level in ({"mu": BISMUTH_MU}, {"mu": None, "filling": 12}):
        spin_generation_map(bismuth, omega=0.15, where=k, **level)
        with pytest.raises(InputError, match="not below the gap"):
            spin_generation_map(bismuth, omega=0.25, where=k, **level)


def test_states_outside_a_wannier_model_are_mentioned(bismuth, layers):
    pulse = GaussianPulse((1e4, 0.0), 5.0, 0.5)
    mesh = UniformMesh((4, 4))
    doped = {"mu_doped": -3.0, "omega": 0.05, "sublattices": None}
    for model, level, said in ((bismuth, BISMUTH_MU, True), (layers, 0.0, False)):
        fermi = {"temperature": 300.0, "relaxation_time": 10.0, "method": mesh}
        results = [
            spin_generation(model, level, 0.05, method=mesh),
            spin_generation_map(model, level, 0.05, mesh),
            spin_pulse(model, level, pulse, method=mesh, times=[0.0]),
            edelstein(model, level, **fermi),
            spin_mechanisms(model, mu=level, **(doped if said else doped | {"mu_doped": 0.3}), **fermi),
        ]
        assert all(("run over the Wannier functions" in r.attrs["warnings"]) is said for r in results)


def test_the_gap_is_named_with_its_place(bismuth):
    gap = direct_gap(bismuth, 12).gap
    with pytest.raises(InputError, match=f"{gap:.4g} eV"):
        spin_generation(bismuth, BISMUTH_MU, [gap], method=UniformMesh((4, 4)))
    spin_generation(bismuth, BISMUTH_MU, [0.99 * gap], method=UniformMesh((4, 4)))


@pytest.mark.parametrize("eta", [0.0, 0.02])
def test_spin_density_is_the_susceptibility_times_the_field(layers, eta):
    """Re[chi E exp(-i omega t)], with chi by its own formula and units by hand: g = 2, and 1e-18 m^2 in a nm^2."""
    field = np.array([1e6, -3e5])
    found = spin_generation(layers, 0.0, [0.02, 0.06], method=MESH, projections="all", eta=eta, kubo=True, field=field)
    expected = 2e-18 * (found.chi * field[:, None]).sum("field")
    largest = float(np.abs(expected).max())
    assert float(np.abs(expected.imag).max()) > 1e-3 * largest  # both parts are there
    np.testing.assert_allclose(found.spin_density, expected, rtol=0, atol=1e-12 * largest)
    if eta == 0:
        np.testing.assert_allclose(found.spin_density_1, expected.imag, rtol=0, atol=1e-12 * largest)
        static = found.spin_density_0 + found.spin_density_2
        np.testing.assert_allclose(static.transpose(*expected.dims), expected.real, rtol=0, atol=1e-12 * largest)


def test_a_broadening_lifts_the_limit_and_says_so(bismuth):
    above = spin_generation(bismuth, BISMUTH_MU, [0.6], method=MESH, eta=0.02, field=[1e7, 0.0])
    assert "above the smallest direct gap" in above.attrs["warnings"]
    assert np.iscomplexobj(above.upsilon1.values)
    assert "spin_density_1" not in above
    assert np.iscomplexobj(above.spin_density.values)
