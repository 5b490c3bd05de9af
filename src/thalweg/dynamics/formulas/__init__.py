"""A rule's program as a list of operations, as expressions, and bounded by intervals or balls.

`programs` reads what JAX traced. `rules` (a rule) and `given` (a mapping of SymPy symbols) make
`RuleFormulas`; `entrywise` carries operations out on scalars of any arithmetic, `jax_to_sympy` on
expressions, `balls` on those of Arb (an extra, too); `constants` names what no state changes.
`ranges` holds the region as ranges of symbols, `intervals` bounds expressions over it, `signs`
proves that they keep their sign in it, `normal_forms` that they are zero, `smoothness` says where
they are smooth. `enclosures` bounds programs over many boxes at once, in NumPy. All but `programs`,
`entrywise`, `balls` and `enclosures` need SymPy, an extra.
"""
