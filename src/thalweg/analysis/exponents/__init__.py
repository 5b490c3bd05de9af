"""Lyapunov exponents: how fast nearby trajectories part, in every direction.

`growth` moves trajectories with orthonormal tangent vectors; `spectrum` is the verb; `result` what
it returns.
"""
