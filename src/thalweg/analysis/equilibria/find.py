"""The verb: find and classify every equilibrium of a rule in a domain."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from thalweg.analysis.equilibria.assemble import assemble
from thalweg.analysis.equilibria.certify import certified, check_certifiable
from thalweg.analysis.equilibria.conserved import on_level
from thalweg.analysis.equilibria.given import box_around, given_points
from thalweg.analysis.equilibria.inventory import take_inventory
from thalweg.analysis.equilibria.looks import look_around, look_at, typical_scales
from thalweg.analysis.equilibria.result import Equilibria
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.randomness import check_key
from thalweg.core.shapes import States
from thalweg.dynamics import Deterministic, Rule, declared_domain
from thalweg.dynamics.declared import no_domain
from thalweg.dynamics.problem import make_problem


def find_equilibria(
    rule: Rule,
    domain: Domain | None = None,
    *,
    starts: int | States = 256,
    conserved: Mapping[str, Any] | None = None,
    certify: bool = False,
    key: jax.Array | None = None,
) -> Equilibria:
    """Find and classify every equilibrium of a flow, or fixed point of a map, in a domain.

    Independent random starts run to rest in one compiled, batched Levenberg–Marquardt search; the
    ends are polished by Newton, merged relative to their conditioning, and classified. More starts
    are drawn until the chance of having missed one is below 1 % (with 95 % confidence), up to 16
    times the first number. Then come starts that are chosen: where trajectories end (forwards, and
    in up to three dimensions backwards), along unstable directions, images under symmetries that
    the rule is seen to have, middles between roots, and restarts that are deflated away from what
    was found. Where the rule points inward all round a box of up to three dimensions (or outward),
    the indices of all equilibria have a known sum: more search where it does not add up.
    Equilibria that are not isolated are recognised as continua and represented by a few points
    each.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: where to search; None means the domain that the rule declares, or else, with starts
            given, a box round these, three times as wide as they are spread along each coordinate
            (`.about.domain` of the result).
        starts: the number of random starts, or the starts themselves: states stacked along a first
            axis (recorded states of a network, say). Given starts are used as they are, with the
            middles between the equilibria that they lead to and nothing else, and points where the
            speed has a local minimum above zero are reported as `slow`.
        conserved: the values of linear totals that the rule conserves, by name, such as
            `{"A + B": 1.0}` (`conserved_quantities` names them). Only states that have them are
            searched, in as many coordinates as are then free, so that equilibria are isolated which
            would come in families; their eigenvalues are those on the level set.
        certify: also prove, by ball arithmetic over the rule's program, that these are all, or say
            in which boxes nothing is proved (`Equilibria.proof`). In boxes of up to three
            coordinates; needs the extra `certified`. What no start led to is found by that, too.
        key: a `jax.random` key; None means a fixed one. The same key gives the same result.

    Returns:
        The equilibria ordered by state; a table when printed.

    Raises:
        InputError: the rule does not fit the domain, depends on time, holds a parameter that is not
            finite, or is finite nowhere in the domain; a total is not conserved; there are no
            proofs for it.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> flow = tw.as_flow(lambda x: x - x**3, domain=tw.Box([-2.0], [2.0]))
        >>> [(round(float(e.state[0]), 6), e.kind) for e in tw.find_equilibria(flow)]
        [(-1.0, 'sink'), (0.0, 'source'), (1.0, 'sink')]

    References:
        Good (1953) for `unseen_mass`; Fan & Yuan (2005) for the search; Farrell, Birkisson & Funke
        (2015) for deflation; Neumaier (1990), chapter 5, for the proof.
    """
    check_key(key)
    is_count = isinstance(starts, int | np.integer) and not isinstance(starts, bool)
    if is_count and starts < 2:
        raise InputError(f"starts must be at least 2, got {starts}.")
    if isinstance(starts, str | float | bool | None):
        raise InputError(
            f"starts must be a whole number, or states stacked along a first axis, got {starts!r}."
        )
    if not isinstance(certify, bool):
        raise InputError(f"certify must be True or False, got {certify!r}.")
    with jax.enable_x64(True):
        is_round = not is_count and domain is None and isinstance(rule, Rule)
        if is_round := is_round and declared_domain(rule) is None:
            domain = box_around(rule, starts)
        elif domain is None and isinstance(rule, Deterministic) and declared_domain(rule) is None:
            raise no_domain(rule, " Recorded states will do, too: starts=….")
        if conserved is not None and (not isinstance(conserved, Mapping) or conserved):
            domain = on_level(rule, domain, conserved)
        problem, domain = make_problem(rule, domain)
        if certify:
            check_certifiable(problem)
        given = None if is_count else given_points(problem, starts)
        look = look_at(problem, key, given)
        around = () if given is None else (look_around(problem, key),)
        scales = typical_scales(problem, look, *around)
        count = int(starts) if is_count else 0
        inventory = take_inventory(problem, scales, key, count if given is None else given)
        inventory, proof = certified(problem, inventory) if certify else (inventory, None)
        return assemble(problem, domain, look, inventory, proof, is_round_starts=is_round)
