"""Every state of rest and every cycle of a membrane, against the current that is put into it."""

import thalweg as tw

membrane = tw.models.FitzHughNagumo()
diagram = tw.bifurcation_diagram(membrane, "current", (0.0, 1.8), slices=8, checks=1)
print(diagram)  # two Hopf points, and a fold of cycles beside each

axes = tw.plot.bifurcation_diagram(diagram, "v")
axes.figure.savefig("branches.svg")
