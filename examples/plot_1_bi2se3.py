"""
One material, every definition
==============================

The spin Hall current of bulk Bi2Se3 against the Fermi level: a current along z of spin y, driven by a field along x.
"""

import matplotlib.pyplot as plt
import numpy as np

import crosscurrent as cc

# %%
# The model is a k.p model, so it comes with a cutoff. Rotational symmetry about z makes a few angles enough.

model = cc.material("bi2se3", cutoff=cc.Sphere(0.5))
grid = cc.PolarGrid(radial=160, angular=8, polar=80)
result = cc.spin_hall(model, np.linspace(-0.2, 0.5, 71), method=grid, unit="(hbar/2e) S/m")
zxy = result.sel(current="z", field="x", spin="y")

# %%
# All definitions are in the result, each with its error. Which is "the" spin current depends on what is meant by it.

figure, axes = plt.subplots()
for name in ("conventional", "topological", "liu2023", "liu2023_corrected"):
    line = axes.plot(zxy.mu, zxy[name], label=name)[0]
    low, high = zxy[name] - zxy[name + "_error"], zxy[name] + zxy[name + "_error"]
    axes.fill_between(zxy.mu, low, high, color=line.get_color(), alpha=0.3)
axes.axhline(0, color="0.7", linewidth=0.8)
axes.set(xlabel="Fermi level (eV)", ylabel=f"$\\sigma^y_{{zx}}$ ({result.conventional.units})")
axes.legend()
figure.tight_layout()

# %%
# In the gap, is the number a property of the material? Doubling the cutoff answers: it halves.

for radius in (0.5, 1.0, 2.0):
    wider = cc.material("bi2se3", cutoff=cc.Sphere(radius))
    in_gap = cc.spin_hall(wider, 0.1, method=grid, definitions=["liu2023"], unit="(hbar/2e) S/m")
    value = in_gap.liu2023.sel(current="z", field="x", spin="y").item()
    print(f"cutoff {radius:3.1f} / angstrom: {value:7.1f} {in_gap.liu2023.units}")
