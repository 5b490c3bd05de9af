"""Study `inverse-energy`: energies learned back from what they made.

`truths` holds the energies and their runs, `models` what is trained on them, `measures` what is
asked of a model, `others` the truths that are not seen through runs (end points, walks, chance),
`study` puts it together and `page` shows it.
"""
