"""Captions: what to see in a figure, in words."""

from collections import Counter
from collections.abc import Iterable

from thalweg.analysis import (
    BifurcationCurves,
    BifurcationDiagram,
    Cycles,
    DescentCheck,
    Equilibria,
    Landscape,
)
from thalweg.core.tables import capitalized
from thalweg.dynamics.words import WORDS, Words
from thalweg.plot import Portrait
from thalweg.plot.verdicts import has_gradient
from thalweg.recovery import Split, Verdict

_PLURALS = {"equilibrium": "equilibria", "closed orbit": "closed orbits"}


def joined(parts: Iterable[str]) -> str:
    """Words with commas, and an "and" before the last."""
    parts = list(parts)
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def counted(number: int, noun: str) -> str:
    """A number of things."""
    plural = _PLURALS.get(noun, f"{noun}s")
    return f"{number or 'no'} {noun if number == 1 else plural}"


def rest_in_words(equilibria: Equilibria) -> str:
    """Numbers of equilibria by kind, and of continua by dimension, in words."""
    kinds = Counter(e.kind for e in equilibria if not e.continuum)
    parts = [
        counted(number, f"{kind} point" if "-" in kind else kind) for kind, number in kinds.items()
    ]
    parts += [f"a continuum of dimension {family.dimension}" for family in equilibria.continua]
    if len(parts) == 1:
        return f"{equilibria.counted()} ({parts[0].split(' ', 1)[1]})"
    return f"{equilibria.counted()}: {joined(parts)}" if parts else equilibria.counted()


def cycles_in_words(cycles: Cycles) -> str:
    """Numbers of cycles, of those that attract, and of those that leave the domain, in words."""
    noun = WORDS[cycles.about.rule_kind].orbit
    stable = sum(c.stable for c in cycles)
    more = f", {stable} of them attracting" if len(cycles) > 1 and stable else ""
    kind = ""
    if len(cycles) == 1:
        period = f"period {cycles[0].period:.5g}"
        kind = f" (shown: {period})" if cycles[0].continuum else f" ({cycles[0].kind}, {period})"
    leaving = sum(c.leaves for c in cycles)
    whose = ", which leaves the domain" if len(cycles) == 1 else f", {leaving} leaving the domain"
    chaos = any(r.is_chaotic for r in cycles.recurrent)
    said = cycles.counted(noun) + more + kind + (whose if leaving else "")
    return said + ("; chaos" if chaos else "")


def portrait_caption(data: Portrait, energy: str | None) -> str:
    """Caption of a phase portrait."""
    view = data.view
    shades = "Each shade is a basin: what starts there ends on one attractor."
    if view.dimension == 1:
        said = _line_caption(view.names[0], view.is_flow)
        return said if data.basins is None else f"{said} {shades}"
    said = []
    if view.is_projection:
        many = len(view.origin) > 3
        plane = (
            "in the plane of the two principal components of what is drawn, the combinations of "
            "coordinates that vary most"
            if many
            else "along another coordinate"
        )
        said.append(f"Trajectories seen {plane}; they may cross in this view.")
    elif view.is_flow:
        said.append("Grey streamlines run where the flow carries its states.")
    else:
        said.append("Arrows point from each state towards the next; long steps are cut short.")
    if data.orbits is not None and len(data.orbits):
        said.append("The cloud of dots is where many orbits have got to after 200 steps.")
    if any(data.nullclines):
        x, y = view.names
        said.append(
            f"On the blue curves {x} does not change, on the dashed ones {y}; states rest where "
            f"they cross."
        )
    if data.separatrices:
        said.append("The long dashes lead into saddles and part what ends up differently.")
    if data.families:
        said.append("Along the thick green line every state is at rest.")
    if data.cycles:
        said.append(
            "Pink: closed orbits, solid where they attract."
            if view.is_flow
            else "Pink squares: cycles, filled where they attract."
        )
    if data.unstable:
        said.append(
            "Orange arrows are the directions in which states leave unstable equilibria fastest; "
            "two that cross span the plane in which they spiral out."
        )
    if data.slow:
        said.append("Grey crosses are slow points: the speed is least there, but not zero.")
    if data.basins is not None:
        said.append(shades)
        if energy and data.energy is not None:
            said.append(f"Thin pale lines are contours of {energy}.")
    elif energy and data.energy is not None:
        said.append(f"The shades behind are filled contours of {energy}: dark is low.")
    return " ".join(said)


def _bar(data: Portrait) -> str:
    """A sentence on the colours of an energy over the plane of a portrait."""
    if data.view.dimension == 1:
        return ""
    return " Bands of colour are equally deep in the valleys, and ever deeper up steep walls."


def _line_caption(name: str, is_flow: bool) -> str:
    if is_flow:
        return (
            f"The velocity {name}′ against {name}; arrows show which way it goes. It rests where "
            f"the curve is zero, stably where the curve falls through zero."
        )
    return (
        "The map (blue) and the diagonal, which meet at fixed points. The thin line follows an "
        "orbit: up to the map, over to the diagonal, and so on."
    )


def spectrum_caption(words: Words, count: int) -> str:
    """Caption of the spectrum of a number of states, which have numbers if there are several."""
    numbers = " Numbers are those of the states, in the order of the table."
    return (
        f"{words.eigenvalues.capitalize()} of the linearization at "
        f"{'each' if count > 1 else 'the'} state of rest. A mode decays {words.decay} (shaded); a "
        f"state is stable where all of its marks are. Marks off the real axis turn."
        f"{numbers if count > 1 else ''}"
    )


def shows_runs(data: Portrait) -> bool:
    """True if the phase portrait draws the trajectories that figures against time show."""
    return data.view.dimension == 2 and data.view.is_flow


def energy_caption(check: DescentCheck | None, energy: str, data: Portrait) -> str:
    """Caption of an energy along trajectories."""
    which = (
        "the trajectories of the phase portrait, in their colours"
        if shows_runs(data)
        else "a few trajectories"
    )
    said = f"{capitalized(energy)} along {which}"
    if check is None or check.holds is None:
        return f"{said}."
    end = "it never rises" if check.holds else "it rises somewhere, so the rule does not descend it"
    return f"{said}: {end}."


def verdict_caption(verdict: Verdict, data: Portrait) -> str:
    """Caption of the figure of a verdict."""
    if verdict.energy is not None:
        how = "states run downhill; only its differences mean something"
        if data.view.dimension == 1:
            return f"The energy recovered from the rule alone: {how}."
        is_flow = data.view.is_flow
        across = "the flow across it" if is_flow else "arrows towards the next state"
        said = f"The energy recovered from the rule alone (dark is low), with {across}: {how}."
        return said + _bar(data)
    witness = "what refutes an energy is marked" if verdict.witnesses else "no energy was found"
    if has_gradient(verdict.split):
        return (
            f"The gradient part of the rule's orthogonal split; its energy need not fall, and "
            f"{witness}.{_bar(data)}"
        )
    return f"The rule without an energy: {witness}."


def branches_caption(diagram: BifurcationDiagram) -> str:
    """The caption of a bifurcation diagram."""
    said = f"Every state of rest against {diagram.parameter}: solid where stable, dashed where not."
    if not diagram.bifurcations:
        return said
    return f"{said} Marks are bifurcations, with the value of {diagram.parameter}."


def curves_caption(curves: BifurcationCurves) -> str:
    """The caption of a two-parameter diagram."""
    first, second = curves.parameters
    said = f"The bifurcations of states of rest in the plane of {first} and {second}."
    if any(curve.coefficients is not None for curve in curves.curves):
        said += " Solid lines of births: what is born attracts; dashed: it repels."
    return said + (" Marks are the special points." if curves.points else "")


def landscape_caption(landscape: Landscape) -> str:
    """The caption of the figure of a landscape."""
    outside = any(one.kind == "outside" for one in landscape.sets)
    leaves = " What leaves the region falls to a height of its own." if outside else ""
    return (
        f"A function that is constant on all that recurs and falls along runs in between (dark is "
        f"low), with the flow across it. Only the order of its heights means something.{leaves}"
    )


def split_caption(split: Split) -> str:
    """The caption of the figure of a split."""
    return (
        f"The rule as the steepest descent of an energy, above, and a remainder, below, which "
        f"holds {split.percent} of its mean square. The energy need not fall along the rule."
    )
