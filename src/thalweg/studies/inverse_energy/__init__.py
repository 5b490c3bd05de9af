"""Study `inverse-energy`: energies learned back from what they made.

`truths` holds the energies and their runs, `models` what is trained on them, `measures` what is
asked of a model of runs; `ends` (end points) and `worlds` (walks, chance) are the truths that are
not seen through runs; `results` trains and scores, `page` shows.
"""
