"""The effective magnetic field that a nonequilibrium spin density exerts on the moments of a magnetic sublattice."""

from __future__ import annotations

from typing import Any

from crosscurrent.units import BOHR_MAGNETON_EV_PER_T


def exchange_field(spin_density: Any, exchange: float, saturation_magnetization: float) -> Any:
    """B_eff = (J_ex/mu_B) S/M_s in tesla, along the spin density.

    spin_density: S in mu_B/nm^3, of one sublattice. exchange: J_ex, eV. saturation_magnetization: M_s of the
    sublattice, mu_B/nm^3. S/M_s is the induced spin per saturated moment, and J_ex the energy by which the two couple
    when they are equal. Feng et al., text after Fig. 3; J. Zelezny et al., PRB 95, 014403 (2017).
    """
    return exchange / BOHR_MAGNETON_EV_PER_T * spin_density / saturation_magnetization


def staggered(first: Any, second: Any) -> Any:
    """(B_A - B_B)/2: the part that turns the Neel vector. The other half, (B_A + B_B)/2, cants both moments alike."""
    return 0.5 * (first - second)
