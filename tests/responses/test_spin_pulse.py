"""Spin of a pulse by the tensors: against a single frequency, mechanism by mechanism, and the limit of validity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import erfc

from crosscurrent.models.materials.dirac import helical_dirac, massive_dirac
from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.models.materials.mnbi2te4 import mnbi2te4
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.domains import Disk
from crosscurrent.numerics.waveforms import GaussianPulse, Sampled
from crosscurrent.numerics.zone import Adaptive, PolarGrid, UniformMesh
from crosscurrent.responses.direct_gap import direct_gap
from crosscurrent.responses.pulse_tensors import _chebyshev, _lagrange, filters, spectrum_below
from crosscurrent.responses.spin_generation import spin_generation
from crosscurrent.responses.spin_pulse import spin_pulse
from crosscurrent.results import load, save
from crosscurrent.results.schema import check_schema
from crosscurrent.units import InputError

PLANCK = 4.135667696e-3  # eV per THz
MESH = UniformMesh((12, 12))


def test_long_pulse_is_a_single_frequency() -> None:
    """In the middle of a hundred periods each mechanism is Upsilon times the field and its derivatives."""
    model, nu, amplitude = mnbi2te4(), 8.0, np.array([3e4, -2e4])
    pulse = GaussianPulse(amplitude, nu, 12.0)
    times = np.linspace(-0.15, 0.15, 61)
    found = spin_pulse(model, 0.027, pulse, method=MESH, times=times, projections=("layer 1",))
    wanted = spin_generation(model, 0.027, [nu * PLANCK], method=MESH, field=amplitude, projections=("layer 1",)).isel(
        mu=0
    )
    phase = 2 * np.pi * nu * times[:, None, None]
    shapes = {"spin_density_0": np.cos(phase), "spin_density_1": np.sin(phase), "spin_density_2": np.cos(phase)}
    for name, shape in shapes.items():
        expected = wanted[name].squeeze(drop=True).values * shape
        assert found[name].attrs["units"] == wanted[name].attrs["units"]
        np.testing.assert_allclose(found[name], expected, atol=2e-3 * np.abs(expected).max())
    total = wanted.spin_density.isel(omega=0).values
    np.testing.assert_allclose(found.spin_density, (total * np.exp(-1j * phase)).real, atol=2e-3 * np.abs(total).max())


def test_every_frequency_gets_its_own_tensor() -> None:
    """A pulse as short as its period, against chi by a formula of its own at each of many frequencies."""
    model = helical_dirac(mass=0.05)
    method = PolarGrid(12, 8)
    pulse = GaussianPulse((2e4, 1e4), 9.0, 0.16, phase=(0.2, 1.5), centre=0.4)
    times = np.linspace(0.2, 0.7, 41)
    found = spin_pulse(model, 0.0, pulse, method=method, times=times, spin="spin")
    nu = np.linspace(0, 23.0, 400)
    chi = spin_generation(model, 0.0, nu * PLANCK, method=method, kubo=True).chi.isel(mu=0, projection=0)
    waves = np.exp(-2j * np.pi * np.outer(times, nu))
    products = np.einsum("wij,wj->wi", chi.values, pulse.spectrum(nu))
    # hbar/(V m) times V/m is 2 mu_B/m^2
    expected = 2 * np.trapezoid((waves[:, :, None] * products).real, nu, axis=1) * 2e-18
    np.testing.assert_allclose(found.spin_density[..., 0], expected, atol=1e-7 * np.abs(expected).max())


def test_mechanisms_add_up_and_follow_the_field() -> None:
    found = spin_pulse(mnbi2te4(), 0.027, GaussianPulse((1e5, 0), 5.0, 0.3), method=MESH, projections="all")
    parts = found.spin_density_0 + found.spin_density_1 + found.spin_density_2
    np.testing.assert_allclose(found.spin_density, parts, atol=1e-13 * np.abs(found.spin_density).max().item())
    static = spin_generation(mnbi2te4(), 0.027, method=MESH, projections="all").upsilon0.isel(mu=0)
    expected = np.einsum("ijp,tj->tip", static, found.electric_field) * 2e-18
    np.testing.assert_allclose(found.spin_density_0, expected, atol=1e-12 * np.abs(expected).max())


def test_linear_in_the_field_and_moved_with_it() -> None:
    model, method = massive_dirac(cutoff=Disk(0.2)), PolarGrid(8, 8)
    settings: dict[str, Any] = {"frequency": 6.0, "duration": 0.3, "phase": 0.7}
    times = np.linspace(-0.5, 0.5, 21)
    one = spin_pulse(model, 0.0, GaussianPulse((1e4, 3e3), **settings), method=method, times=times)
    strong = spin_pulse(model, 0.0, GaussianPulse((5e9, 1.5e9), **settings), method=method, times=times)
    late = spin_pulse(model, 0.0, GaussianPulse((1e4, 3e3), **settings, centre=3.0), method=method, times=times + 3.0)
    scale = np.abs(one.spin_density).max().item()
    np.testing.assert_allclose(strong.spin_density / 5e5, one.spin_density, atol=1e-10 * scale)
    np.testing.assert_allclose(late.spin_density, one.spin_density, atol=1e-10 * scale)


def test_samples_give_what_the_formula_gives() -> None:
    pulse = GaussianPulse((1e4, 3e3), 6.0, 0.3, phase=0.7)
    grid = np.linspace(*pulse.support, 500)
    settings: dict[str, Any] = {"method": MESH, "times": np.linspace(-0.3, 0.3, 31), "thickness": 27.28}
    formula = spin_pulse(mnbi2te4(), 0.027, pulse, **settings)
    samples = spin_pulse(mnbi2te4(), 0.027, Sampled(grid, pulse(grid), "lab.csv"), **settings)
    scale = np.abs(formula.spin_density).max().item()
    np.testing.assert_allclose(samples.spin_density, formula.spin_density, atol=1e-6 * scale)
    assert "lab.csv" in samples.attrs["waveform"] and samples.spin_density.attrs["units"] == "mu_B/nm^3"


def test_volume_is_area_times_thickness() -> None:
    settings: dict[str, Any] = {"method": MESH, "times": [0.0, 0.05]}
    pulse = GaussianPulse((1e4, 3e3), 6.0, 0.3)
    area = spin_pulse(mnbi2te4(), 0.027, pulse, **settings)
    volume = spin_pulse(mnbi2te4(), 0.027, pulse, **settings, thickness=20.0)
    assert area.spin_density.attrs["units"] == "mu_B/nm^2"
    np.testing.assert_allclose(volume.spin_density * 2.0, area.spin_density, rtol=1e-12)
    np.testing.assert_allclose(volume.spin_density_error * 2.0, area.spin_density_error, rtol=1e-9)


def test_error_is_honest() -> None:
    settings: dict[str, Any] = {"times": np.linspace(-0.2, 0.2, 9), "projections": ("layer 1",)}
    pulse = GaussianPulse((1e5, 0), 8.0, 0.3)
    found = spin_pulse(mnbi2te4(), 0.027, pulse, method=UniformMesh((24, 24)), **settings)
    exact = spin_pulse(mnbi2te4(), 0.027, pulse, method=UniformMesh((120, 120)), **settings)
    for name in ("spin_density", "spin_density_1"):
        off = np.abs(found[name] - exact[name])
        tiny = 1e-12 * np.abs(exact.spin_density).max()
        assert (off <= found[name + "_error"] + exact[name + "_error"] + tiny).all()
        assert off.max() > 100 * tiny


def test_error_of_an_adaptive_sum_is_honest() -> None:
    """Its errors of the tensors add up, whatever the sign of the field."""
    model, pulse = massive_dirac(cutoff=Disk(0.2)), GaussianPulse((1e5, -3e4), 8.0, 0.3)
    times = np.linspace(-0.2, 0.2, 9)
    found = spin_pulse(model, 0.0, pulse, method=Adaptive(rtol=3e-2), times=times)
    exact = spin_pulse(model, 0.0, pulse, method=PolarGrid(60, 40), times=times)
    assert (np.abs(found.spin_density - exact.spin_density) <= found.spin_density_error + 1e-18).all()
    assert (found.spin_density_error >= 0).all()
    assert found.spin_density_error.max() < 0.3 * np.abs(found.spin_density).max()


def test_interpolation_between_frequencies() -> None:
    """Polynomials in omega^2 through these points reproduce 1/(gap^2 - omega^2) to the error they were chosen for."""
    gap = 0.1
    for highest in (0.02, 0.07, 0.097):
        nodes = _chebyshev(highest**2, gap**2)
        x = np.linspace(0, highest, 200) ** 2
        off = _lagrange(nodes, x) @ (1 / (gap**2 - nodes)) * (gap**2 - x) - 1
        assert np.abs(off).max() < 1e-9
        np.testing.assert_array_equal(_lagrange(nodes, nodes), np.eye(len(nodes)))


def test_spectrum_is_that_of_the_pulse() -> None:
    gap = direct_gap(mnbi2te4(), 4)
    pulse = GaussianPulse((1.0, -0.4), 6.0, 0.2, phase=0.3, centre=-0.6)
    spectrum = spectrum_below(pulse, 2, gap)
    step = spectrum.frequencies[1]
    np.testing.assert_allclose(
        spectrum.amplitudes[1:] / (2 * step), pulse.spectrum(spectrum.frequencies[1:]), atol=1e-12
    )
    times = np.linspace(-1.0, -0.2, 50)
    drive = filters(spectrum, gap, times)
    np.testing.assert_allclose(drive.first.sum(axis=1), pulse.derivative(times), atol=1e-5)
    np.testing.assert_allclose(drive.second.sum(axis=1), pulse.second_derivative(times), atol=1e-3)


@pytest.mark.parametrize(("duration", "fine"), [(0.08, False), (0.12, True)])
def test_energy_above_the_gap(duration: float, fine: bool) -> None:
    """The fraction of a Gaussian spectrum above the gap is a complementary error function."""
    model, nu = massive_dirac(cutoff=Disk(0.2), mass=0.05), 12.0
    pulse = GaussianPulse((1e4, 0), nu, duration)
    distance = 0.1 / PLANCK - nu
    expected = 0.5 * erfc(np.pi * distance * duration / np.sqrt(2 * np.log(2)))
    settings: dict[str, Any] = {"method": PolarGrid(6, 6), "times": [0.0]}
    if fine:
        found = spin_pulse(model, 0.0, pulse, **settings)
        assert expected < found.attrs["spectral_fraction_above_gap"] < 3 * expected
        assert found.attrs["direct_gap_eV"] == pytest.approx(0.1)
    else:
        with pytest.raises(
            InputError, match=r"of the pulse's energy lies at or above.*0\.1 eV \(24\.18 THz\)"
        ) as raised:
            spin_pulse(model, 0.0, pulse, **settings)
        assert expected < float(str(raised.value).split()[1]) < 3 * expected


def test_what_a_result_says(tmp_path: Any) -> None:
    found = spin_pulse(kane_mele(lambda_v=0.4), 0.0, GaussianPulse((1e4, 0, 0), 10.0, 0.2), method=MESH)
    assert found.spin_density.dims == ("time", "spin", "projection")
    assert found.electric_field.dims == ("time", "field") and found.electric_field.attrs["units"] == "V/m"
    assert list(found.projection.values) == ["total"] and found.time.attrs["units"] == "ps"
    assert 201 <= found.sizes["time"] <= 2001
    assert found.attrs["field_peak_V_per_m"] == pytest.approx(1e4, rel=1e-3)
    assert found.attrs["route"] == "tensors" and "10 THz" in found.attrs["waveform"] and found.attrs["filling"] == 2
    assert all(name + "_error" in found for name in ("spin_density", "spin_density_0", "spin_density_2"))
    check_schema(found)
    save(found, tmp_path / "pulse.nc")
    assert load(tmp_path / "pulse.nc").spin_density.equals(found.spin_density)


def gapless() -> TightBinding:
    return kane_mele(lambda_so=0.0, lambda_r=0.0, lambda_v=0.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mu": 1.5}, "mu: a band is partly filled"),
        ({"mu": None}, "no chemical potential"),
        ({"filling": 2}, "either mu or filling"),
        ({"thickness": -1.0}, "thickness"),
        ({"projections": ("C",)}, "no projector 'C'"),
        ({"projections": ("A",), "complete": True}, "do not sum to one"),
        ({"times": [0.0, np.nan]}, "times must be"),
        ({"times": [0.0, 1e308]}, "times must be"),
        ({"linearity": True}, "linear in the field"),
        ({"waveform": "pulse.csv"}, "not a pulse. Give .* read_waveform"),
        ({"waveform": GaussianPulse((0, 0), 1.0, 0.3)}, "the field is zero"),
        ({"waveform": GaussianPulse((0, 0, 1.0), 1.0, 0.3)}, "field along z"),
        ({"waveform": GaussianPulse((1.0, 0), 1.0, 1e9)}, r"oscillations of .* THz .*Make the pulse shorter"),
        ({"waveform": GaussianPulse((1.0, 0), 60.0, 0.3)}, "at or above the smallest direct gap"),
        ({"model": gapless(), "mu": None, "filling": 2}, "at or above the smallest direct gap"),
    ],
)
def test_refused(options: dict[str, Any], message: str) -> None:
    settings: dict[str, Any] = {"model": kane_mele(lambda_v=0.4), "mu": 0.0, "method": UniformMesh((6, 6))}
    settings |= {"waveform": GaussianPulse((1e4, 0.0), 10.0, 0.2)} | options
    with pytest.raises(InputError, match=message):
        spin_pulse(**settings)
