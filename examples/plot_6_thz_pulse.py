"""
Spin made by a terahertz pulse
==============================

The two layers of bilayer MnBi2Te4 carry opposite moments. A pulse in the plane gives them the same spin along the field
and opposite spins across it. The spin in time comes by two routes that share no formula.
"""

import matplotlib.pyplot as plt

import crosscurrent as cc
from crosscurrent.plot.pulse import field, time_curve

# %%
# A pulse of 8 THz, 0.2 ps long (half maximum of the field's envelope), with a peak of 0.1 MV/m along x.

pulse = cc.GaussianPulse((1e5, 0.0), frequency=8.0, duration=0.2)
bilayer = cc.material("mnbi2te4")
layers = {"projections": ["layer 1", "layer 2"], "thickness": 13.64}

# %%
# The tensors hold below the smallest direct gap, and say which part of the spin follows the field, its slope and its
# second derivative. They are the cheap route: a mesh that resolves the gap takes seconds. The bands are the errors.

tensors = cc.spin_pulse(bilayer, 0.027, pulse, method=cc.UniformMesh((300, 300)), **layers)
print(f"smallest direct gap {1e3 * tensors.direct_gap_eV:.1f} meV, or {tensors.direct_gap_THz:.1f} THz")
print(f"energy of the pulse above it: {tensors.spectral_fraction_above_gap:.0e}")

figure, panels = plt.subplots(3, 1, sharex=True, figsize=(6.4, 7.2), layout="constrained")
field(tensors, panels[0])
mechanisms = {"spin_density_0": "from $E$", "spin_density_2": r"from $\ddot{E}$", "spin_density": "sum"}
for name, label in mechanisms.items():
    time_curve(tensors, name, panels[1], "x", "layer 1", label=f"layer 1, {label}")
time_curve(tensors, "spin_density", panels[1], "x", "layer 2", label="layer 2, sum", dash=":", colour="black")
for layer in ("layer 1", "layer 2"):
    time_curve(tensors, "spin_density_1", panels[2], "y", layer, label=rf"{layer}, from $\dot{{E}}$")
time_curve(tensors, "spin_density", panels[2], "y", "total", label="both layers", dash=":", colour="black")
for axes, spin in zip(panels[1:], "xy", strict=True):
    axes.set_ylabel(rf"$S_{spin}$ ($\mu_B$/nm$^3$)")
    axes.legend(fontsize=8)
panels[2].set_xlabel("time (ps)")

# %%
# The second route moves the filled bands through k(t) by the von Neumann equation, without any response theory, and
# costs some hundred times more. On one and the same coarse mesh the two agree, up to what already goes with the square
# of the field: lines are the tensors, circles the motion. (What a mesh so coarse is worth as an integral is another
# question; the errors in the results tell.)

coarse = {"method": cc.UniformMesh((16, 16)), **layers}
lines = cc.spin_pulse(bilayer, 0.027, pulse, **coarse)
motion = cc.spin_pulse(
    bilayer, 0.027, pulse, route="von_neumann", times=lines.time[::4], tolerance=1e-3, linearity=True, **coarse
)
difference = abs(lines.spin_density - motion.spin_density).max() / abs(lines.spin_density).max()
print(f"largest difference {difference.item():.1e} of the peak, time step {motion.time_step_fs:.1f} fs")
print(f"part of the motion that is not linear in the field: {motion.nonlinear_fraction:.1e}")

figure, panels = plt.subplots(2, 1, sharex=True, figsize=(6.4, 5.0), layout="constrained")
for axes, spin in zip(panels, "xy", strict=True):
    for part, colour in (("total", "black"), ("layer 1", "C0"), ("layer 2", "C1")):
        where = {"spin": spin, "projection": part}
        axes.plot(lines.time, lines.spin_density.sel(where), color=colour, label=part)
        axes.plot(motion.time, motion.spin_density.sel(where), "o", color=colour, fillstyle="none", markersize=5)
    axes.set_ylabel(rf"$S_{spin}$ ($\mu_B$/nm$^3$)")
panels[1].legend(fontsize=8)
panels[1].set_xlabel("time (ps)")

# %%
# Only the motion knows what a strong field does. For Dirac electrons the spin along z has no linear part: it goes with
# the square of the field, until the field is strong enough to change that too. Each result tells how much of its spin
# is not linear, from a second run at half the field.

dirac = cc.material("helical-dirac", mass=0.05)
figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
for strength, line, skip in ((1e5, "o", 3), (1.5e6, "-", 1)):
    strong = cc.GaussianPulse((strength, 0.0), frequency=8.0, duration=0.2)
    moved = cc.spin_pulse(
        dirac, 0.0, strong, method=cc.PolarGrid(24, 8), route="von_neumann", tolerance=1e-3, linearity=True
    )
    along = moved.spin_density.sel(spin="z", projection="total")
    label = f"{strength / 1e6:g} MV/m, {moved.nonlinear_fraction:.1%} not linear"
    axes.plot(moved.time[::skip], along[::skip] / strength**2, line, fillstyle="none", markersize=5, label=label)
axes.set_xlabel("time (ps)")
axes.set_ylabel(r"$S_z/E_0^2$ ($\mu_B$/nm$^2$ per (V/m)$^2$)")
axes.legend(fontsize=8)
