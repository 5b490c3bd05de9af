"""Branches of equilibria and cycles over a parameter, and every bifurcation on them.

`diagram.py` holds the verb and `result.py` what it returns. `seeds` finds equilibria at many values
in one batch; `curves` follows them through the family of rules (`family`) by pseudo-arclength, all
lanes at once, and `traced` is what it hands on. Bifurcations: `indicators` see that one lies
between two points, `defining` refines it on its own equations, `special` names it, `coefficients`
gives its normal form, `branching` leaves along what else passes through it. Cycles: `rounds` closes
one orbit, `cycle_curves` follows closed orbits of flows from Hopf points, `map_cycles` those of
maps, `cycle_branches` makes them the branches that a person reads. `collection` merges what is one
curve and counts what checks saw, `assemble` makes the result.
"""
