"""
A spin current that soft phonons carry
======================================

In a metal beside a ferroelectric instability an inhomogeneous field drives a spin current, although its bands have no
spin texture. We compare the published formula with the corrected one, see which level of evaluation is needed where,
and look at the dependence on the wave vector.
"""

import matplotlib.pyplot as plt
import numpy as np

import crosscurrent as cc

# %%
# The metal of the paper. Every number of it can be replaced; ``paraelectric_metal`` takes them one by one.

metal = cc.model_metal()
print(f"{metal.name}: k_F = {metal.fermi_wave_vector:.3g} 1/m, E_F tau/hbar = {metal.quality:.1f}")

# %%
# The published formula has the phonon weight 1/sinh(x) and holds for phonons with k l << 1 only. The level "auto" takes
# the cheapest evaluation of the corrected integral whose error is below the tolerance.

temperature = np.geomspace(0.3, 30.0, 30)
question = {"temperature": temperature, "gap": [0.0, 1e-3], "q": [1e-3, 0.0, 0.0], "q_unit": "k_F"}
published = cc.phonon_spin(metal, **question, level="analytic", weight="published")
corrected = cc.phonon_spin(metal, **question, tolerance=1e-3)

figure, panels = plt.subplots(2, 1, sharex=True, figsize=(6.4, 6.0), height_ratios=[2, 1], layout="constrained")
for gap, colour in zip(corrected.gap.values, ("C0", "C1"), strict=True):
    new, old = (result.chi.sel(gap=gap).squeeze() for result in (corrected, published))
    panels[0].loglog(temperature, new, color=colour, label=f"corrected, {1e3 * gap:g} meV")
    panels[0].loglog(temperature, old, "--", color=colour, label=f"as published, {1e3 * gap:g} meV")
    panels[1].semilogx(temperature, old / new, "--", color=colour)
panels[0].set_ylabel(f"chi ({corrected.chi.units})")
panels[0].legend()
panels[1].set(xlabel="T (K)", ylabel="published over corrected")

cold = corrected.sel(temperature=1.0, gap=1e-3, method="nearest").squeeze()
print(f"level at 1 K: {cold.level.item()}, chi = {cold.chi.item():.3e} +- {cold.chi_error.item():.1e} {cold.chi.units}")

# %%
# The published formula is too small where phonons are rare, because its weight lacks them, and too large where they are
# fast. How far each level is from the last one, at 1 meV:

full = cc.phonon_spin(metal, **question | {"gap": 1e-3, "temperature": temperature[::6]}, level="full")
figure, axes = plt.subplots(layout="constrained")
for level in ("analytic", "fermi_surface", "second_order"):
    found = cc.phonon_spin(metal, **question | {"gap": 1e-3, "temperature": temperature[::6]}, level=level)
    off = np.abs(found.chi / full.chi - 1).squeeze()
    line = axes.loglog(temperature[::6], off, "o-", label=level)[0]
    axes.loglog(temperature[::6], (found.chi_error / full.chi).squeeze(), ":", color=line.get_color())
axes.set(xlabel="T (K)", ylabel="relative distance to full; dotted: reported error")
axes.legend()

# %%
# The conductivity is a quadrupole in q: its component with the current along x, the field along y and the spin along z
# is chi times q_x^2 - q_y^2. ``crosscurrent.plot`` has ready figures of all this, and of the rest.

mesh = np.linspace(-2e-3, 2e-3, 21)
q = np.stack(np.meshgrid(mesh, mesh, [0.0], indexing="ij"), axis=-1).reshape(-1, 3)
plane = cc.phonon_spin(metal, 1.0, 1e-3, q, q_unit="k_F", level="fermi_surface")
sigma = plane.conductivity.sel(current="x", field="y", spin="z").squeeze()

figure, axes = plt.subplots(layout="constrained")
image = axes.pcolormesh(1e3 * mesh, 1e3 * mesh, sigma.values.reshape(21, 21).T, cmap="RdBu_r", shading="nearest")
axes.set(xlabel="$q_x$ ($10^{-3} k_F$)", ylabel="$q_y$ ($10^{-3} k_F$)", aspect="equal")
figure.colorbar(image, label=f"sigma^z_xy ({sigma.units})")

# %%
# All of this is one part of one diagram. What else there is at the same order is not small: at 10 K it changes the sign
# of one of the coefficients, and a uniform field makes a spin current, too.

everything = cc.one_loop_conductivity(metal, 10.0, 0.0, [1e-3, 0.0, 0.0], q_unit="k_F", order=4).squeeze()
for name in "abd":
    print(f"{name}: missing {everything.missing.sel(coefficient=name).item():+.2f}, over what is kept")
print(f"of a uniform field {everything.uniform_total.item():.1e}, of order q^2 {everything.quadratic.item():.1e} C/m")
