"""The verb: every branch of equilibria over a parameter, and every bifurcation on them."""

from collections.abc import Iterable, Mapping
from typing import Any

import jax
import numpy as np

from thalweg.analysis.continuation.assemble import assemble
from thalweg.analysis.continuation.collection import Collection
from thalweg.analysis.continuation.result import BifurcationDiagram, Checks
from thalweg.analysis.continuation.seeds import shares
from thalweg.analysis.cycles.result import Cycle
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.trees import is_integer
from thalweg.dynamics import Rule

# How often fresh values may show branches that were missed before the last word is theirs.
_ROUNDS = 3


def bifurcation_diagram(
    rule: Rule,
    parameter: str,
    span: tuple[float, float],
    domain: Domain | None = None,
    *,
    slices: int = 16,
    checks: int = 3,
    conserved: Mapping[str, Any] | None = None,
    cycles: Iterable[Cycle] | None = (),
    key: jax.Array | None = None,
) -> BifurcationDiagram:
    """Find every branch of equilibria over a range of a parameter, and every bifurcation on them.

    Searches at many values of the parameter, all in one batch, give equilibria; the curve through
    each is followed both ways by pseudo-arclength until it leaves the range or the domain, or
    closes. At every branch point the other curve is followed, too. Where an indicator changes along
    a curve its zero is halved in, then refined by Newton on the bifurcation's own equations. In the
    end complete searches at fresh values tell whether anything was missed; what they find is
    followed as well, and fresh values are drawn again. The closed orbits that are born at Hopf
    points are followed, too, by multiple shooting, with their periods and multipliers.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        parameter: what varies: a floating field of the rule by its dotted path (`"energy.gain"`),
            an entry of an array (`"weights[0,1]"`), or the name of a total in `conserved`.
        span: from where to where, two numbers.
        domain: where equilibria are looked for; None means the domain that the rule declares.
        slices: at how many values searches from 64 random starts begin curves, at least 1; from 3
            on both ends of the range are among them.
        checks: at how many fresh values the diagram is checked.
        conserved: the values of totals that the rule conserves, as for `find_equilibria`. One that
            is itself varied may have any value that is possible.
        cycles: cycles at the parameter's own value, from `find_cycles`, to be followed like those
            that are born at Hopf points and flips; None follows none at all, which is quicker.
        key: a `jax.random` key; None means a fixed one.

    Returns:
        The diagram: branches with their stability and eigenvalues, bifurcations, the evidence of
        completeness; a table when printed, a figure by `thalweg.plot.bifurcation_diagram`.

    Raises:
        InputError: the parameter is no floating number of the rule; the range is empty or not
            finite; no value of it can be analysed (as for `find_equilibria`).

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> class Bistable(tw.Flow):
        ...     r: float = 0.5
        ...     def velocity(self, t, state):
        ...         return self.r * state - state**3 + 0.01
        >>> found = tw.bifurcation_diagram(Bistable(), "r", (-1.0, 1.0), tw.Box([-2.0], [2.0]))
        >>> [(b.kind, round(b.value, 12)) for b in found.bifurcations]
        [('fold', 0.087720532146)]

    References:
        Keller (1977) for the continuation; Moore (1980) for branch points; Kuznetsov (2004),
        chapters 3 to 5, for the coefficients.
    """
    low, high = checked_range(span)
    for name, count, least in (("slices", slices, 1), ("checks", checks, 0)):
        if not is_integer(count) or count < least:
            raise InputError(f"{name} must be a whole number from {least} on, got {count!r}.")
    cycles = None if cycles is None else list(cycles)
    strangers = [cycle for cycle in cycles or () if not isinstance(cycle, Cycle)]
    if strangers:
        raise InputError(f"cycles must be what find_cycles returns, got {strangers[0]!r}.")
    with jax.enable_x64(True):
        collection = Collection.begin(rule, parameter, (low, high), domain, conserved, key)
        values = shares(slices)
        collection.sow(values)
        evidence = _checked(collection, checks, key)
        # What can be searched nowhere is refused: the checks have tried, else the middle does.
        for p in values[np.argsort(np.abs(values - 0.5), kind="stable")]:
            if collection.searched:
                break
            collection.search(p)
        if not collection.searched:
            raise collection.refusals[0]
        if cycles is not None:
            own = (collection.own_value - low) / (high - low)
            collection.follow_cycles(cycles, own)
        return assemble(collection, evidence)


def _checked(collection: Collection, count: int, key: jax.Array | None) -> Checks:
    """Look at fresh values; where that shows curves that were missed, at others again."""
    rng = np.random.default_rng(seed_of(key))
    evidence = Checks(0, 0, None)
    for _ in range(_ROUNDS):
        before = len(collection.curves)
        looks = [collection.check(p) for p in rng.uniform(0.0, 1.0, count)]
        looks = [look for look in looks if look is not None]
        bounds = [bound for _, bound in looks if bound is not None]
        agree = sum(is_same for is_same, _ in looks)
        evidence = Checks(len(looks), agree, max(bounds, default=None))
        if len(collection.curves) == before:
            break
    return evidence


def checked_range(span: Any) -> tuple[float, float]:
    """The two ends of a range; refuses what is none."""
    try:
        low, high = (float(x) for x in span)
    except (TypeError, ValueError):
        raise InputError(f"span must be two numbers, such as (0.0, 1.5), got {span!r}.") from None
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InputError(f"span must be two finite numbers, the less first, got ({low}, {high}).")
    return low, high


def seed_of(key: jax.Array | None) -> list[int]:
    """The seed of random numbers on the host."""
    if key is None:
        return [17]
    return np.asarray(jax.random.key_data(key)).ravel().tolist()
