"""A rule's program as a list of operations, as SymPy expressions, and bounded by intervals.

`programs` reads what JAX traced. `rules` (a rule) and `given` (a mapping of SymPy symbols) make
`RuleFormulas`; `jax_to_sympy` carries operations out on expressions, `constants` names what no
state changes. `ranges` holds the region as ranges of symbols, `intervals` bounds expressions over
it, `signs` proves that they keep their sign in it, `normal_forms` that they are zero, `smoothness`
says where they are smooth. All but `programs` need SymPy, an extra.
"""
