"""Whether the step of a run is short enough: the energy of its lattice with the baths switched off."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crosscurrent.physics.lattice_observables import kinetic_energy
from crosscurrent.responses.ferron_hall_langevin_run import Arrays, Trajectories

Floats = NDArray[np.float64]

#: Time that is looked at, ps, the share of the run that it may cost, and periods of the fastest mode at least.
_LONGEST, _SHARE, _PERIODS = 0.5, 0.01, 3
#: Samples of the energy in one period of the fastest mode, whose energy errors have half of that.
_SAMPLES = 4
#: A third of the longest stable step, to which a step should be kept: h omega of the fastest mode.
_ADVISED = 2 / 3
#: A drift that would warm the lattice against its baths by this fraction is too much.
_HEATING = 0.01


@dataclass(frozen=True, eq=False)
class EnergyConservation:
    """The energy of the lattice without baths, of the fields where it fluctuates most and drifts most.

    fluctuation: root mean square about its mean over the mean kinetic energy. bound: the same if every mode had a third
    of the longest stable step. drift, drift_error: slope of the energy over the mean kinetic energy, 1/ps. heating: by
    which fraction a drift warms the lattice against its baths, s/(2 gamma). duration: ps.
    """

    fluctuation: float
    bound: float
    drift: float
    drift_error: float
    heating: float
    duration: float

    def numbers(self) -> dict[str, float]:
        return {
            "energy_fluctuation_relative": self.fluctuation,
            "energy_fluctuation_bound_relative": self.bound,
            "energy_drift_relative_per_ps": self.drift,
            "energy_drift_error_relative_per_ps": self.drift_error,
            "energy_conservation_ps": self.duration,
        }

    def warnings(self) -> tuple[str, ...]:
        out = []
        if self.fluctuation > self.bound:
            out.append(
                f"the step is too long: without baths the energy fluctuates by {self.fluctuation:.1e} of the kinetic "
                f"energy, beyond the {self.bound:.1e} of a third of the longest stable step"
            )
        if self.heating > _HEATING:
            out.append(
                f"without baths the energy drifts by {self.drift:.1e} of the kinetic energy a ps, which warms the "
                f"lattice by {self.heating:.1%} against its baths: take a shorter step, or double precision"
            )
        return tuple(out)


def energy_conservation(
    trajectories: Trajectories, end: Arrays, frequency: float, steps: int
) -> EnergyConservation | None:
    """Of the first realization from where a run has left it; None without heat.

    Steps conserve a shadow energy. The true one oscillates about it by ((h omega)^2/8) E_m cos(2 omega t) for a mode of
    energy E_m. With E_m of mean and standard deviation k_B T, the energy of n modes fluctuates by (h omega)^2/(4
    sqrt(n)) of their kinetic energy; n counts as (sum T)^2/(sum T^2) where they are not equally warm.

    frequency: of the fastest mode, rad/ps. steps: of the whole run, all copies together. This takes a hundredth of
    them at most, but three periods of the fastest mode at least.
    """
    heat, slab = trajectories.temperature, trajectories.slab
    if not heat.any():
        return None
    h, copies = trajectories.step, len(trajectories.omegas)
    period = 2 * math.pi / frequency / h
    stride = max(1, int(period / _SAMPLES))
    allowed = min(int(_SHARE * steps / copies), round(_LONGEST / h))
    samples = max(allowed, math.ceil(_PERIODS * period)) // stride + 1
    series, kinetic = _energies(trajectories, end, stride, samples)
    number = 3 * slab.shape[1] * slab.shape[2] * heat.sum() ** 2 / (heat**2).sum()
    found = [_fluctuation(h * stride, *pair) for pair in zip(series, kinetic, strict=True)]
    drift, error = max((each[1:] for each in found), key=lambda each: abs(each[0]) - 3 * each[1])
    significant = max(0.0, abs(drift) - 3 * error)
    return EnergyConservation(
        fluctuation=max(each[0] for each in found),
        bound=_ADVISED**2 / (4 * math.sqrt(number)),
        drift=drift,
        drift_error=error,
        heating=significant / (2 * float(trajectories.damping.min())),
        duration=h * stride * samples,
    )


def _energies(trajectories: Trajectories, end: Arrays, stride: int, samples: int) -> tuple[Floats, Floats]:
    """Energy and kinetic energy of the whole lattice, (fields, samples) eV, without baths and on the CPU."""
    count, site, mass = len(trajectories.omegas), trajectories.site(), trajectories.record.mass
    cold = np.zeros_like(trajectories.temperature), np.zeros_like(trajectories.damping)
    quiet = replace(trajectories, temperature=cold[0], damping=cold[1], device="cpu")
    lattice = quiet.dynamics([site] * count, trajectories.omegas)
    first = {name: end[name][:1, :count] for name in ("u", "v", "force")}
    state = quiet.state({**first, "step": end["step"], "realizations": end["realizations"][:1]})
    total, moving = np.empty((2, count, samples))
    for i in range(samples):
        state = lattice.advance(state, stride)
        u, force = (np.asarray(x[0], dtype=float) for x in (state.u, state.force))
        kinetic = kinetic_energy(np.asarray(lattice.full_step_velocity(state)[0], dtype=float), mass)
        # the couplings are linear in u, so their energy is half of -u.F
        coupled = -0.5 * (u * (force - site.force(u))).sum(axis=-1)
        moving[:, i] = kinetic.sum(axis=(1, 2, 3))
        total[:, i] = moving[:, i] + (coupled + site.energy(u)).sum(axis=(1, 2, 3))
    return total, moving


def _fluctuation(every: float, energy: Floats, kinetic: Floats) -> tuple[float, float, float]:
    """Root mean square, slope a ps and its standard error, all over the mean kinetic energy."""
    relative = (energy - energy.mean()) / kinetic.mean()
    time = every * (np.arange(len(energy)) - (len(energy) - 1) / 2)
    square = float((time**2).sum())
    slope = float(time @ relative) / square
    rest = relative - slope * time
    error = math.sqrt(float((rest**2).sum()) / max(len(energy) - 2, 1) / square)
    return float(np.sqrt((relative**2).mean())), slope, error
