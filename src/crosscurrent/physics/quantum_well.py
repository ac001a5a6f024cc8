"""Subbands of a well with hard walls and a gate field, in the one-parameter trial functions of Liu 2023, Eq. (12).

phi_beta(z) = N sin(pi u) exp(-beta u), u = z/d + 1/2 in [0, 1]. All integrals are elementary. For I(beta) =
int_0^1 sin^2(pi u) exp(-2 beta u) du one has <u> = -I'/(2 I), and two functions overlap as I of their mean beta.
Lengths in angstrom, energies in eV, `force` = e F in eV/angstrom (potential -e F z).
"""

from __future__ import annotations

import math

from scipy.optimize import brentq

from crosscurrent.units import InputError

#: Below this |beta| the series are exact to rounding and the closed forms are not.
_SMALL = 0.02


def mean_position(beta: float, width: float) -> float:
    """<z> in angstrom, measured from the middle of the well."""
    if abs(beta) < _SMALL:  # 1/beta - coth(beta) cancels
        walls = -beta / 3 + beta**3 / 45 - 2 * beta**5 / 945
    else:
        walls = 1 / beta - 1 / math.tanh(beta)
    return width * (walls / 2 + beta / (beta**2 + math.pi**2))


def mean_kz2(beta: float, width: float) -> float:
    """<k_z^2> in 1/angstrom^2."""
    return (math.pi**2 + beta**2) / width**2


def overlap(beta_1: float, beta_2: float) -> float:
    """<phi_1|phi_2>, between 0 and 1."""
    mean = (beta_1 + beta_2) / 2
    return math.exp(_log_norm(mean) - (_log_norm(beta_1) + _log_norm(beta_2)) / 2)


def kappa(beta_1: float, beta_2: float, width: float) -> float:
    """<phi_1|d/dz|phi_2> in 1/angstrom, so that <phi_1|k_z|phi_2> = -i kappa."""
    return (beta_1 - beta_2) / (2 * width) * overlap(beta_1, beta_2)


def subband_energy(beta: float, stiffness: float, force: float, width: float) -> float:
    """stiffness <k_z^2> - force <z> in eV; stiffness = hbar^2/(2 m_z) in eV angstrom^2."""
    return stiffness * mean_kz2(beta, width) - force * mean_position(beta, width)


def variational_beta(stiffness: float, force: float, width: float) -> float:
    """The beta that minimises `subband_energy`; raises InputError for a stiffness or width that is not positive."""
    if not (stiffness > 0 and width > 0 and math.isfinite(force)):
        raise InputError(
            f"no bound subband: hbar^2/2m_z = {stiffness:g} eV angstrom^2, width {width:g} angstrom",
            where="quantum well",
            fix="both must be positive (for heavy holes gamma_1 > 2 gamma_2)",
        )
    if force == 0:
        return 0.0

    def slope(beta: float) -> float:
        return 2 * stiffness * beta / width**2 + 2 * force * width * _variance(beta)

    # the variance of u never exceeds that of beta = 0, so the slope vanishes between 0 and this bound
    bound = -force * width**3 / stiffness * _variance(0.0) * 1.01
    return float(brentq(slope, bound, 0.0, xtol=1e-13, rtol=1e-14))


def _variance(beta: float) -> float:
    """<u^2> - <u>^2 = -(1/2) d<u>/d beta."""
    if abs(beta) < _SMALL:  # 1/beta^2 - 1/sinh^2(beta) cancels
        walls = 1 / 3 - beta**2 / 15 + 2 * beta**4 / 189
    else:
        decay = math.exp(-2 * abs(beta))
        walls = 1 / beta**2 - 4 * decay / (1 - decay) ** 2
    return walls / 4 - (math.pi**2 - beta**2) / (2 * (beta**2 + math.pi**2) ** 2)


def _log_norm(beta: float) -> float:
    """ln I(beta) up to a constant; I is proportional to exp(-beta) sinh(beta) / (beta (beta^2 + pi^2))."""
    if abs(beta) < _SMALL:
        sinhc = beta**2 / 6 - beta**4 / 180
    else:
        sinhc = abs(beta) + math.log1p(-math.exp(-2 * abs(beta))) - math.log(2 * abs(beta))
    return sinhc - math.log(beta**2 + math.pi**2) - beta
