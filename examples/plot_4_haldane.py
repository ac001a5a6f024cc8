"""
Berry curvature and orbital moment
==================================

Both of every band, resolved in momentum, for Haldane's model.
"""

import matplotlib.pyplot as plt
import numpy as np

import crosscurrent as cc

model = cc.material("haldane")
geometry = cc.band_geometry(model, cc.UniformMesh((60, 60)))
print(geometry)
