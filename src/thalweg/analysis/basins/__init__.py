"""Attractors and what ends on them: starts are followed in blocks until each is decided.

`lanes` moves a batch of trajectories by a block and says which of `regions` each is in; `regions`
are ellipsoids about points of rest and of n-cycles, and tubes about closed orbits (`tubes`), on
which a quadratic function falls, and `proofs` what of them is proved to tend to the attractor (its
tolerances are the constants at its head); `cells` are where what never closes recurs. `follow`
keeps a pool of lanes full; `attractors` finds what there is; `grids` refines where neighbours
differ; `statistics` are intervals, entropy and dimension. `find.py` holds the verb and `result.py`
what it returns, `over.py` the verb over a parameter.
"""
