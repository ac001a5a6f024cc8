"""A second, independent route to every spin current: slow, explicit, and without a line of the package.

The modules take plain callables H(k) and matrices. They are written from the definitions (density matrices, projectors,
finite wave vectors, magnetic fluxes), not from the band sums that the package evaluates. Only `bridge` imports the
package: it hands the same models to it.
"""
