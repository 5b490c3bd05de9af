"""Closed orbits of flows and n-cycles of maps, and what recurs without closing.

`find.py` holds the verb and `result.py` what it returns. Flows: `long_runs` (in the sizes of
`scales`), `recurrence`, `closing` (Newton by `shooting` on `segments`) and `polish` (periods,
multipliers, and what a closed orbit must keep to be reported), put together by `flows`. Maps:
`iterates`, `long_orbits` and `maps_newton`, put together by `maps`. `orbits` is what both hand on,
`families` holds cycles that are not isolated, `non_periodic` what settles on none, `assemble` makes
the cycles that a person reads.
"""
