"""Langevin dynamics of a lattice of local modes: the equations of motion of the paper, ready to be stepped.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), Eqs. (4), (9), (10): M u'' = F + Omega_B M^(1/2) C
M^(1/2) u' - gamma M u' + noise of strength 2 gamma k_B T M.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.numerics.langevin import Langevin
from crosscurrent.numerics.langevin_jax import check_device
from crosscurrent.numerics.lattice_convolution import lattice_convolution
from crosscurrent.numerics.step_noise import StepNoise
from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.physics.lattice_langevin import bath_strength, inverse_root
from crosscurrent.physics.lattice_units import ACCELERATION
from crosscurrent.physics.on_site import OnSite
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

PRECISIONS = ("double", "single")


def lattice_dynamics(
    couplings: Couplings,
    sites: Sequence[OnSite],
    mass: ArrayLike,
    *,
    temperature: ArrayLike,
    damping: ArrayLike,
    omega: Sequence[float] | float = 0.0,
    step: float,
    seed: int = 0,
    precision: str = "double",
    route: str = "fastest",
    mirrored: bool = False,
    device: str = "numpy",
) -> Langevin:
    """A lattice in its baths.

    couplings: of a slab or a periodic box. sites: on-site potentials, one for each copy that shares the noise. mass: M,
    (3, 3) amu. temperature: of the baths, K, one number, (Nx,) or (Nx, Ny). damping: gamma, 1/ps, one number, (Ny,) or
    (Nx, Ny). omega: Omega_B, rad/ps, along z, one number or one a copy. step: h, ps. precision: "double" or "single",
    of fields and forces. route: how the couplings are summed, see `lattice_convolution`. mirrored: with the noise of
    the mirror image, y -> -y. device: "numpy", or "cpu" or "gpu" for jax.

    Raises InputError for a step that is not positive, an unknown precision, route or device, a device that is not
    there, baths below zero, and numbers of copies that do not agree.
    """
    if not (math.isfinite(step) and step > 0):
        raise InputError(f"the time step is {step} ps", where="step", fix="give a positive number")
    if precision not in PRECISIONS:
        raise InputError(f"unknown precision '{precision}'", where="precision", fix="choose double or single")
    if device != "numpy":
        check_device(device)
    weight = np.asarray(mass, dtype=float)
    nx, ny, nz = couplings.slab.shape
    omegas = np.atleast_1d(np.asarray(omega, dtype=float))
    if len(omegas) not in (1, len(sites)):
        raise InputError(f"{len(omegas)} values of Omega_B for {len(sites)} copies", where="omega")
    # what is the same in all cells costs nothing inside the couplings
    shared = sites[0].isotropic_stiffness
    local = mirror_even(couplings.local)
    middle = np.diag(np.diag(local[ny // 2]))
    kernel = middle - shared * np.eye(3) - couplings.kernel
    return Langevin(
        step=step,
        shape=couplings.slab.shape,
        convolution=lattice_convolution(couplings.slab, kernel, precision, route),
        local=local - middle,
        sites=tuple(site.without(shared) if shared else site for site in sites),
        kick=ACCELERATION * np.linalg.inv(weight),
        root=inverse_root(weight),
        turns=np.array([velocity_turn(float(o) * step, weight) for o in np.broadcast_to(omegas, (len(sites),))]),
        damping=np.broadcast_to(np.asarray(damping, dtype=float), (nx, ny)),
        theta=site_bath(temperature, nx, ny),
        push=np.zeros((len(sites), 3)),
        noise=StepNoise(seed, (3, nz, nx, ny), (3, 1) if mirrored else None),
        device=device,
    )


def mirror_even(local: Floats) -> Floats:
    """A term of the layers, (Ny, 3, 3), without the rounding that breaks its mirror y -> -y, if it has one: then a
    trajectory in the mirror has the same bits."""
    signs = np.array([1.0, -1.0, 1.0])
    mirrored = local[::-1] * np.outer(signs, signs)
    if np.abs(mirrored - local).max() > 1e-12 * np.abs(local).max():
        return local
    return np.asarray(0.5 * (local + mirrored))


def site_bath(temperature: ArrayLike, nx: int, ny: int) -> Floats:
    """k_B T of the baths, amu angstrom^2/ps^2, (Nx, Ny); temperature: K, one number, (Nx,) or (Nx, Ny)."""
    kelvin = np.asarray(temperature, dtype=float)
    return np.broadcast_to(bath_strength(kelvin[:, None] if kelvin.ndim == 1 else kelvin), (nx, ny))


def field_force(charge: ArrayLike, field: ArrayLike) -> Floats:
    """Force of a uniform electric field on a mode, (3,) eV/angstrom: Z^T E. charge: (3, 3) e. field: V/angstrom."""
    return np.asarray(np.asarray(field, dtype=float) @ np.asarray(charge, dtype=float))


def velocity_turn(angle: float, mass: Floats) -> Floats:
    """M^(-1/2) exp(angle C) M^(1/2), (3, 3), for a field along z: what the rotation does to velocities."""
    values, vectors = np.linalg.eigh(mass)
    scale = np.sqrt(values)
    root = (vectors * scale) @ vectors.T
    c, s = math.cos(angle), math.sin(angle)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    if np.array_equal(mass, mass[0, 0] * np.eye(3)):
        return turn
    return np.asarray((vectors / scale) @ vectors.T @ turn @ root)
