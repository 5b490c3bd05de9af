"""Covector fields ω = M f and the algebra of symmetric matrices that metrics are made of."""
