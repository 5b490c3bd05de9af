"""Study `equilibrium-propagation`: a network is trained by the difference of two of its rests.

`network` holds the energy, its rests and the gradient; `page` trains it on digits and shows it.
"""
