"""Records and effective Hamiltonians as dynamics takes them, and what is refused."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from crosscurrent.models.effective_hamiltonian import EFFECTIVE_HAMILTONIANS, EffectiveHamiltonian, batio3_2010
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.models.polar_lattice import polar_lattice
from crosscurrent.numerics.slab import Slab
from crosscurrent.units import InputError


def test_a_record() -> None:
    record = local_mode("batio3-b")
    lattice = polar_lattice(record)
    assert polar_lattice(lattice) is lattice
    np.testing.assert_allclose(lattice.polarization, record.polarization)
    assert lattice.barrier == record.well.barrier
    slab = Slab((3, 4, 2))
    np.testing.assert_array_equal(lattice.couplings(slab).kernel, record.couplings(slab).kernel)


def test_batio3_of_the_effective_hamiltonian() -> None:
    """The uniform state at rest: no force, rhombohedral, 15.7 meV deep without strain. With the strain relaxed (its
    published elastic and coupling constants folded into alpha and gamma) the order [111] < [011] < [001] stays and the
    well is deeper: 21.0 meV."""
    model = batio3_2010()
    lattice = polar_lattice(model)
    u = np.broadcast_to(lattice.ordered, (2, 2, 2, 3))
    force = lattice.couplings(Slab((2, 2, 2), open_y=False)).force(u) + lattice.on_site.force(u)
    assert np.abs(force).max() < 1e-6
    assert lattice.barrier == pytest.approx(0.0157113, rel=1e-4)
    b11, b12, b44, b1xx, b1yy, b4yz = 126.7317, 41.7583, 49.2409, -185.3472, -3.2809, -14.5502
    shear, bulk = (b11 - b12) / 2, b11 + 2 * b12
    volume, stretch = b1xx + 2 * b1yy, (b1xx - b1yy) / 2
    soft = replace(
        model,
        alpha=model.alpha - (volume**2 / bulk + 4 * stretch**2 / shear) / 24,
        gamma=model.gamma + (stretch**2 / shear - b4yz**2 / b44) / 2,
    )
    assert polar_lattice(soft).barrier == pytest.approx(0.0210, rel=0.01)
    np.testing.assert_allclose(polar_lattice(soft).ordered / polar_lattice(soft).ordered[0], 1, rtol=1e-4)


def test_lattices_travel_to_workers() -> None:
    for model in (batio3_2010(), local_mode("batio3-b")):
        lattice = polar_lattice(model)
        again = pickle.loads(pickle.dumps(lattice))
        np.testing.assert_array_equal(again.ordered, lattice.ordered)
    assert set(EFFECTIVE_HAMILTONIANS) == {"batio3-2010"}


def harmonic(**more: float) -> EffectiveHamiltonian:
    return replace(batio3_2010(), **{"alpha": 79.0, "gamma": 0.0, "k1": 0.0, "k2": 0.0, "k3": 0.0, "k4": 0.0, **more})


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (replace(batio3_2010(), mass=None), "without a mass has no dynamics"),
        (harmonic(alpha=0.0), "not bounded from below"),
        (harmonic(gamma=-300.0), "not bounded from below"),
        (harmonic(k1=-1.0), "not bounded from below"),
        (harmonic(k1=1.0, k3=-100.0), "not bounded from below"),
        (harmonic(kappa2=20.0), "is not polar"),
    ],
)
def test_refusals(model: EffectiveHamiltonian, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        polar_lattice(model)
    assert "\n" not in str(caught.value)


def test_parameters_are_checked() -> None:
    for bad in ({"mass": -1.0}, {"alpha": float("nan")}, {"k4": float("inf")}, {"charge": 0.0}, {"j": (1.0,) * 6}):
        with pytest.raises(InputError):
            replace(batio3_2010(), **bad)  # type: ignore[arg-type]
