"""Common ground of all rooms: errors, domains, result codes, pytrees, dtypes, ensembles.

Nothing here knows what an energy or a rule is.
"""
