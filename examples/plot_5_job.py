"""
A job, from Python
==================

What a job file says can be said in Python, with the same names, and the other way round. A job that runs through
``run_job`` resumes when it is interrupted and may use several processes.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import crosscurrent as cc
from crosscurrent import plot

TEXT = """
response = "spin_hall"

[model]
material = "hole-gas-gaas"

[spin_hall]
mu = { start = 0.002, stop = 0.030, num = 57 }
mu_from = "reference"
components = ["yxz"]

[zone]
method = "polar"
radial = 400
angular = 32
"""

folder = Path(tempfile.mkdtemp())
(folder / "holes.toml").write_text(TEXT, encoding="utf-8")

# %%
# Every key is checked: a slip costs one line that names the key, and the nearest one that exists.

job = cc.load_job(folder / "holes.toml")
try:
    (folder / "slip.toml").write_text(TEXT.replace("radial", "radail"), encoding="utf-8")
    cc.load_job(folder / "slip.toml")
except cc.InputError as error:
    print(str(error).removeprefix(f"{folder}/"))

# %%
# The result is one netCDF file with units, index order, errors and its own history.

result = cc.run_job(job, folder / "holes.nc")
print(sorted(name for name in result.data_vars if not name.endswith("_error")))

# %%
# ``crosscurrent plot holes.nc`` draws a figure of its own; the pieces it is made of draw into yours.

figure, axes = plt.subplots()
loaded = cc.load(folder / "holes.nc")
for name in ("conventional", "liu2023", "liu2023_corrected"):
    plot.curve(loaded, name, axes, select={"current": "y", "field": "x", "spin": "z"}, label=name)
axes.legend()
figure.tight_layout()
