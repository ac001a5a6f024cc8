"""How trajectories are sampled, on which machine, and what is refused before they start."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.langevin import Langevin
from crosscurrent.physics.lattice_units import ACCELERATION, BOLTZMANN
from crosscurrent.units import InputError, MissingExtraError

Floats = NDArray[np.float64]

DEVICES = ("cpu", "gpu", "gpu-or-cpu")
#: Steps of a block: products of displacements and velocities are summed at every tenth.
_FEWEST = 10
#: A realization that no run counts up to: what is chosen with its noise knows nothing of that of a run.
APART = 2**31 - 1
#: Steps of a trajectory that nobody waits for.
_MOST = 1e12
#: Rounding may heat the lattice by this fraction of the coldest bath.
_HEATING = 1e-3


@dataclass(frozen=True)
class Sampling:
    """How the trajectories are sampled.

    realizations: independent trajectories, `batch` of which go together, in one process. duration: of each, ps, after
    `settle` ps in which nothing is measured (None: twelve times the longest damping time). block: ps of one average.
    step: ps. seed: of the noise, which is a function of (seed, realization, step). until_error: C/m^2; go on until the
    error of the odd polarization, as root mean square over the cells, is below, but not beyond `longest` ps for each
    realization (None: fifty durations).

    Raises InputError for times that are not positive and batches that do not divide the realizations.
    """

    realizations: int = 8
    duration: float = 100.0
    step: float = 0.0025
    seed: int = 0
    settle: float | None = None
    block: float = 1.0
    batch: int = 1
    until_error: float | None = None
    longest: float | None = None

    def __post_init__(self) -> None:
        for name in ("duration", "step", "block", "until_error", "longest"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is {value:g}", where=name, fix="give a positive number")
        for name in ("duration", "settle", "block", "longest"):
            if (getattr(self, name) or 0.0) > _MOST * self.step:
                raise InputError(f"{name} is more than {_MOST:.0e} steps", where=name, fix="give a time in ps")
        if self.settle is not None and not (math.isfinite(self.settle) and self.settle >= 0):
            raise InputError(f"settle is {self.settle:g}", where="settle", fix="give zero or more")
        if self.realizations >= APART:
            raise InputError(f"{self.realizations} realizations", where="realizations", fix=f"give fewer than {APART}")
        if self.realizations < 1 or self.batch < 1 or self.realizations % self.batch:
            raise InputError(
                f"{self.realizations} realizations in batches of {self.batch}",
                where="batch",
                fix="give a batch that divides the number of realizations",
            )
        if self.block_steps < _FEWEST or self.duration < 2 * self.block:
            raise InputError(
                f"a duration of {self.duration:g} ps in blocks of {self.block:g} ps with steps of {self.step:g} ps",
                where="block",
                fix=f"a block has {_FEWEST} steps or more, and the duration two blocks or more",
            )

    @property
    def block_steps(self) -> int:
        return round(self.block / self.step)

    @property
    def most_blocks(self) -> int:
        return self.blocks(50 * self.duration if self.longest is None else max(self.longest, self.duration))

    def blocks(self, time: float) -> int:
        """How many blocks reach over a time, ps."""
        return math.ceil(time / (self.block_steps * self.step) - 1e-9)

    def settle_steps(self, damping: Floats) -> int:
        time = 12 / float(damping.min()) if self.settle is None else self.settle
        return math.ceil(time / self.step - 1e-9)

    def batches(self) -> list[tuple[int, ...]]:
        """The realizations of each batch."""
        return [tuple(range(n, n + self.batch)) for n in range(0, self.realizations, self.batch)]


def device_of(wanted: str) -> str:
    """ "cpu" or "gpu". Raises InputError for a GPU that is not there, unless "gpu-or-cpu" allows for it."""
    if wanted not in DEVICES:
        raise InputError(f"unknown device '{wanted}'", where="device", fix="choose from " + ", ".join(DEVICES))
    if wanted == "cpu" or _has_gpu():
        return wanted.partition("-")[0]
    if wanted == "gpu-or-cpu":
        return "cpu"
    if find_spec("jax") is None:
        raise MissingExtraError("jax", "gpu")
    raise InputError(
        "no GPU is visible to jax", where="device", fix='use device = "cpu", or "gpu-or-cpu" to fall back on it'
    )


def _has_gpu() -> bool:
    if find_spec("jax") is None:
        return False
    try:
        return bool(import_module("jax").devices("gpu"))
    except RuntimeError:
        # what jax raises for a kind of device that it does not find
        return False


def check_rounding(single: Langevin, double: Langevin, spread: Floats, mass: float, coldest: float) -> float:
    """The temperature, K, at which rounding in single precision would hold the lattice were there no other bath.

    The error of the force acts as noise on the velocity, h c dF/M in each step, which the damping takes out again.
    spread: width of the thermal displacements, (Nx,) angstrom. mass: amu. coldest: the lowest temperature above zero,
    K. Raises InputError when it is not far below that.
    """
    rng = np.random.default_rng(0)
    u = (rng.normal(size=(*single.shape, 3)) * spread[:, None, None, None]).astype(np.float32)
    off = single.start(u).force - double.start(u).force
    error = float(np.sqrt((off.astype(float) ** 2).mean(axis=(0, 1, 3, 4, 5)).max()))
    heated = single.step * ACCELERATION * error**2 / (2 * float(double.damping.min()) * mass * BOLTZMANN)
    if heated > _HEATING * coldest:
        raise InputError(
            f"rounding in single precision acts like a bath at {heated:.2g} K, and the coldest has {coldest:.2g} K",
            where="precision",
            fix='use precision = "double"',
        )
    return heated
