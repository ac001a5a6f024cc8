"""Spin conductivity that soft transverse phonons mediate in a metal: weights, levels of evaluation, tensor structure.

K.-M. Kim and S. B. Chung, "Phonon-mediated spin transport in quantum paraelectric metals" ("Kim-Chung"), and its
errata. Units of this package: wave vectors in k_F and energies in 2 E_F ("tilde units"), unless a docstring says
otherwise.
"""
