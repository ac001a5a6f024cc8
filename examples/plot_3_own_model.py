"""
Your own models
===============

A k.p model from a function, a tight-binding model from arrays, and the same responses for both.
"""

import numpy as np

import crosscurrent as cc

SX, SY, SZ = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)

# %%
# **A k.p model from a function.** It takes all wave vectors at once, (nk, 2) in 1/angstrom, and returns (nk, 2, 2) in
# eV. The derivative is taken numerically and checks itself. The spin operator is sigma/2, in units of hbar.


def rashba(k: np.ndarray) -> np.ndarray:
    kx, ky = k.T[:, :, None, None]
    return 10.0 * (kx**2 + ky**2) * np.eye(2) + 1.0 * (kx * SY - ky * SX)


gas = cc.CallableKP(rashba, dim=2, cutoff=cc.Disk(2.0), spin=np.array([SX, SY, SZ]) / 2)
result = cc.spin_hall(gas, 1.0, method=cc.PolarGrid(radial=2000, angular=16), unit="e/(8 pi)")
yxz = result.sel(current="y", field="x", spin="z")

value, error = yxz.conventional.item(), yxz.conventional_error.item()
print(f"Rashba gas, conventional: {value:.3f} +- {error:.3f} {result.conventional.units}")

# %%
# This is the universal value of the clean Rashba gas with both bands filled, one in these units. The sum over momentum
# stops at a sharp Fermi surface, and the error estimate knows it.
#
# **A tight-binding model from arrays.** The Qi-Wu-Zhang insulator: three hoppings on a square lattice.

vectors = np.array([[0, 0, 0], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
along_x, along_y = (SZ - 1j * SX) / 2, (SZ - 1j * SY) / 2
insulator = cc.TightBinding(
    lattice=np.diag([1.0, 1.0, 10.0]),
    vectors=vectors,
    hamiltonian=np.array([-1.0 * SZ, along_x, along_x.conj().T, along_y, along_y.conj().T]),
    positions=np.zeros((2, 3)),
    dim=2,
    spin=cc.Operator.constant(np.array([SX, SY, SZ]) / 2),
    name="Qi-Wu-Zhang",
)
hall = cc.anomalous_hall(insulator, 0.0, method=cc.UniformMesh((60, 60)), unit="e^2/h")
print(f"Qi-Wu-Zhang: {hall.conductivity.sel(current='x', field='y').item():+.8f} {hall.conductivity.units}")
