"""Curves of folds, Hopf points and flips over two parameters, and the special points on them.

`find.py` holds the verb and `result.py` what it returns. `collection` looks along lines through the
plane with the machinery of one parameter and follows what it meets; `plane` has the equations whose
solutions are such curves, one function a kind, each named in `collection.SYSTEMS`. On them
`special` finds cusps, Bogdanov–Takens points and the like: `indicators` are numbers that change
there, `defining` the equations that refine them.

Why a verb of its own that takes two ranges, and not "continue this point of a diagram": a point
must first be found, and a curve that crosses no diagram somebody happened to draw would be missed.
Lines through the plane are one-parameter problems (`Line` is a parameter like any other, and its
ends are numbers, so all lines share their compiled programs), whose bifurcations are found without
a first guess; fresh lines then say how complete the curves are. Nothing of the continuation is
written twice: the equations here are one fewer than their unknowns, which is all that
`continuation.curves.follow` asks for.
"""
