"""What every room stands on: errors, domains, result codes, pytree and dtype helpers, ensembles.

Nothing here knows what an energy or a rule is.
"""
