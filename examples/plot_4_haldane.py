"""
Berry curvature and orbital moment
==================================

Both are properties of each band at each wave vector. In Haldane's model they sit at the two valleys.
"""

import matplotlib.pyplot as plt

import crosscurrent as cc
from crosscurrent import plot

# %%
# ``band_geometry`` keeps the momentum that the other responses sum over.

model = cc.material("haldane", mass=0.1)
geometry = cc.band_geometry(model, cc.UniformMesh((90, 90)))

figure, panels = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for axes, name in zip(panels, ("berry_curvature", "orbital_moment"), strict=True):
    image = plot.k_map(geometry, axes, variable=name, band=0, axis="z")
    figure.colorbar(image, ax=axes, label=f"{geometry[name].attrs['long_name']} ({geometry[name].units})")

# %%
# Summed over the filled band, the curvature is an integer.

hall = cc.anomalous_hall(model, 0.0, method=cc.UniformMesh((90, 90)), unit="e^2/h")
print(f"{hall.conductivity.sel(current='x', field='y').item():+.8f} {hall.conductivity.units}")
