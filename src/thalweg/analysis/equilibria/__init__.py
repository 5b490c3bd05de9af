"""Every equilibrium of a rule in a domain: found, polished, classified, and how complete it is.

`find.py` holds the verb and `result.py` what it returns. A search goes through `search` (batched
Levenberg–Marquardt from many starts), `polish` (Newton), `distinct` (which ends are the same root),
`features` (the sizes at which the rule has features), `sorting` (isolated roots and `continua`, and
who led to which), `inventory` (starts until sure enough), `directed` (starts that are chosen, with
`trajectories`, `symmetries`, `indices`), `completeness` (what may have been missed), `classify`
(kind and form), `transients` (what grows before it decays), `jumps` (points beside a jump, which
are no rests), `looks` (what the rule does at the first starts) and `assemble`. Tolerances are the
constants at the head of the module that a step is named after. `conserved` finds linear totals that
a rule keeps (`totals`, `quantities`).
"""
