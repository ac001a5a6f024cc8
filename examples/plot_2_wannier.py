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
# One pass over the mesh gives every definition at all Fermi levels, each with its error.

model = cc.material("bismuth")
mesh = cc.UniformMesh((96, 96))
result = cc.spin_hall(model, np.linspace(-4.67, -2.87, 91), method=mesh, temperature=300.0, unit="e/(4 pi)")
xyz = result.sel(current="x", field="y", spin="z")

figure, axes = plt.subplots()
for name in ("conventional", "topological", "liu2023_corrected", "shi2006"):
    line = axes.plot(xyz.mu, xyz[name], label=name)[0]
    low, high = xyz[name] - xyz[name + "_error"], xyz[name] + xyz[name + "_error"]
    axes.fill_between(xyz.mu, low, high, color=line.get_color(), alpha=0.2)
axes.axhline(0, color="0.7", linewidth=0.8)
axes.set(xlabel="Fermi level (eV)", ylabel=f"$\\sigma^z_{{xy}}$ ({result.conventional.units})")
axes.legend()
figure.tight_layout()

# %%
# Around the gap three of the curves are sharp. The wide band around ``liu2023_corrected`` is the error estimate doing
# its work: this quantity feels every near-crossing of two occupied bands, and a uniform mesh meets those by luck. The
# conventional one feels them near the Fermi level only, here around -4.3 eV. The demo of the package computes the same
# with ``Adaptive``, which goes and looks for them.
#
# Time-reversal symmetry forbids an anomalous Hall effect. What is left of it measures the quality of the model.

hall = cc.anomalous_hall(model, -3.77, method=mesh, unit="e^2/h")
print(f"anomalous Hall: {float(abs(hall.conductivity).max()):.1e} {hall.conductivity.units}")
