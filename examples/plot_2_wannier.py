"""
A first-principles Wannier model
================================

A puckered bismuth monolayer. Its model came out of a density-functional calculation through Wannier90 and is part of
the package; ``load_wannier90`` reads yours in the same way.
"""

import matplotlib.pyplot as plt
import numpy as np

import crosscurrent as cc

# %%
# One pass over the mesh gives every definition at all Fermi levels.

model = cc.material("bismuth")
result = cc.spin_hall(model, np.linspace(-4.6, -2.8, 91), method=cc.UniformMesh((48, 48)), temperature=100.0)
xyz = result.sel(current="x", field="y", spin="z")

figure, axes = plt.subplots()
for name in ("conventional", "liu2023", "liu2023_corrected"):
    line = axes.plot(xyz.mu, xyz[name], label=name)[0]
    low, high = xyz[name] - xyz[name + "_error"], xyz[name] + xyz[name + "_error"]
    axes.fill_between(xyz.mu, low, high, color=line.get_color(), alpha=0.3)
axes.axhline(0, color="0.7", linewidth=0.8)
axes.set(xlabel="Fermi level (eV)", ylabel=f"$\\sigma^z_{{xy}}$ ({result.conventional.units})")
axes.legend()
figure.tight_layout()

# %%
# The bands are narrow in places, and on this small mesh the error bands say so: they are wide where the Fermi level cuts
# through avoided crossings. A finer mesh narrows them.
#
# Time-reversal symmetry forbids an anomalous Hall effect. What is left of it measures the quality of the model.

hall = cc.anomalous_hall(model, -3.71, method=cc.UniformMesh((48, 48)))
print(f"anomalous Hall: {float(abs(hall.conductivity).max()):.1e} {hall.conductivity.units}")
