"""Every equilibrium of a rule in a domain: found, polished, classified, and how complete it is.

`find.py` holds the verb and `result.py` what it returns. A search goes through `search` (batched
Levenberg–Marquardt from many starts), `polish` (Newton), `distinct` (which ends are the same root),
`inventory` (starts until sure enough), `completeness` (what may have been missed), `continua`
(roots that are not isolated), `classify` (kind and form) and `assemble`.
"""
