"""
Spin made by an oscillating field
=================================

Massive Dirac electrons in a field along x. Three parts of the spin, of zeroth, first and second order in time
derivatives of the field, have closed forms to compare with. Then the same question to the two layers of an
antiferromagnet.
"""

import matplotlib.pyplot as plt
import numpy as np

import crosscurrent as cc
from crosscurrent import plot

# %%
# The frequency has to stay below the gap, 0.3 eV. ``Plane`` sums over all momenta, without a cutoff.

dirac = cc.material("helical-dirac", mass=0.15, cutoff=cc.Plane(0.05))
zeta = np.linspace(0.02, 0.98, 49)
result = cc.spin_generation(dirac, 0.0, 0.3 * zeta, method=cc.PolarGrid(300, 8), field=(1e4, 0.0))
print(f"smallest direct gap {result.direct_gap_eV:.3f} eV, or {result.direct_gap_THz:.1f} THz")

order_0 = result.spin_density_0.sel(spin="x", projection="total").item()
order_1 = result.spin_density_1.sel(spin="y", projection="total").squeeze()
order_2 = result.spin_density_2.sel(spin="x", projection="total").squeeze()

# %%
# Lines are Eq. (13) of Feng et al., in units of the static spin; circles are the numbers.

exact_1 = (1 + zeta**-2) / 2 * np.arctanh(zeta) - 1 / (2 * zeta)
exact_2 = np.arctanh(zeta) / zeta - 1

figure, axes = plt.subplots(layout="constrained")
for exact, found, label in ((exact_1, order_1, "first order, along y"), (exact_2, order_2, "second order, along x")):
    line = axes.plot(zeta, exact, label=label)[0]
    axes.plot(zeta[::4], np.abs(found[::4] / order_0), "o", color=line.get_color(), fillstyle="none")
axes.set(xlabel=r"$\hbar\omega/2\Delta$", ylabel=r"amplitude / $S_0$")
axes.legend()

largest = max(np.abs(np.abs(order_1 / order_0) - exact_1).max(), np.abs(np.abs(order_2 / order_0) - exact_2).max())
print(f"largest difference {float(largest):.1e}")

# %%
# Where in momentum space does it come from? From where the gap is smallest.

box = cc.material("helical-dirac", mass=0.15, cutoff=cc.Box((0.15, 0.15)))
in_k = cc.spin_generation_map(box, 0.0, 0.15, cc.UniformMesh((80, 80), shifted=True))
figure, panels = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for axes, name, component in zip(panels, ("upsilon1", "upsilon2"), ("xy", "xx"), strict=True):
    image = plot.spin_map(in_k, name, axes, {"spin": component[0], "field": component[1], "projection": "total"})
    figure.colorbar(image, ax=axes, label=f"{name} {component} ({in_k[name].units})")

# %%
# In bilayer MnBi2Te4 the first-order spin is opposite in the two layers, and across the field. Inversion with time
# reversal exchanges the layers, so the whole has none; a single layer in the bilayer has 3m', which leaves one number.

bilayer = cc.material("mnbi2te4")
layers = cc.spin_generation(
    bilayer,
    omega=0.0703,  # 17 THz
    filling=4,
    method=cc.Adaptive(rtol=1e-3),
    tensors=["upsilon1"],
    projections=["layer 1", "layer 2"],
    field=(1e7, 0.0),
    thickness=13.64,
)
for part in layers.projection.values:
    spin = layers.spin_density_1.sel(spin="y", projection=part).item()
    print(f"{part}: S_y = {spin:+.2e} {layers.spin_density_1.units}")

# %%
# An exchange of 1 eV with moments of 20.7 Bohr magnetons per nm^3 turns it into a field on the Neel vector.

field = cc.neel_field(layers, 1.0, 20.7, sublattices=("layer 1", "layer 2"))
print(f"B_y = {field.neel_field_1.sel(spin='y', sublattice='staggered').item():+.2f} {field.neel_field_1.units}")
