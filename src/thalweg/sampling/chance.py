"""The part of a step that its key alone decides, apart from the rest of the step.

Random numbers that are drawn for many steps together cost a fraction of what they cost one by one,
and are the same but for rounding.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
from jax.extend import core

# Numbers of one chain to draw ahead at most, which stay in the cache of the processor.
MOST_DRAWN = 2**17
# Steps below which it is not worth the third of a second that compiling it apart takes.
_FEWEST_STEPS = 2048
# Operations that take, done for many keys together, as long as the slowest.
_LOOPS = frozenset({"while", "scan", "cond"})


class Parted(NamedTuple):
    """A step in two parts: `step(key, t, carry) == rest(drawn(key), t, carry)`.

    Attributes:
        drawn: `key → numbers`, a list of arrays or keys.
        rest: `(numbers, t, carry) → what the step returns`.
        size: how many numbers and keys `drawn` has at once: those of its largest operation, or
            those that it hands on, at least one.
    """

    drawn: Callable[[Any], Any]
    rest: Callable[[Any, Any, Any], Any]
    size: int


def parted(
    step: Callable[..., Any], key: jax.Array, t: Any, carry: Any, *, steps: int, most: int
) -> Parted:
    """A step of which that is apart which its key alone decides, random numbers first of all.

    Loops, what has more numbers than is allowed, and keys that are not of `threefry2x32` (others
    draw other numbers where they are vectorised) stay in the rest.

    Arguments:
        step: `(key, t, carry) → (carry, info)`, pytrees of arrays.
        key: an example of a key.
        t: an example of an index, an array.
        carry: an example of a carry, of arrays.
        steps: how many there will be; of few nothing is apart.
        most: how many numbers one operation may have, and all that are handed on.
    """
    whole = Parted(lambda key: [key], lambda drawn, t, carry: step(drawn[0], t, carry), 1)
    if steps < _FEWEST_STEPS or str(jax.random.key_impl(key)) != "threefry2x32":
        return whole
    closed, shape = jax.make_jaxpr(step, return_shape=True)(key, t, carry)
    program, leaves = closed.jaxpr, jax.tree.leaves(carry)
    # A loop would trace again what returns another type than it was given, a weaker one say.
    if [v.aval for v in program.outvars[: len(leaves)]] != [v.aval for v in program.invars[2:]]:
        return whole
    early, late = _split(program, most)
    if not early:
        return whole
    known = {v for equation in early for v in equation.outvars} | {program.invars[0]}
    asked = [v for equation in late for v in equation.invars] + list(program.outvars)
    handed = list(dict.fromkeys(v for v in asked if not _is_literal(v) and v in known))
    size = sum(math.prod(v.aval.shape) for v in handed)
    if size > most:
        return whole
    size = max(1, size, *(int(_largest(equation)) for equation in early))
    first = _function(closed, early, program.invars[:1], handed)
    second = _function(closed, late, [*handed, *program.invars[1:]], program.outvars)
    treedef = jax.tree.structure(shape)

    def rest(drawn: Any, t: Any, carry: Any) -> Any:
        return jax.tree.unflatten(treedef, second(*drawn, t, *jax.tree.leaves(carry)))

    return Parted(first, rest, size)


def _split(program: Any, most: int) -> tuple[list[Any], list[Any]]:
    """The operations that the first input alone decides, and those that are left."""
    known, early, late = {program.invars[0]}, [], []
    for equation in program.eqns:
        inputs = [v for v in equation.invars if not _is_literal(v)]
        if inputs and known.issuperset(inputs) and _largest(equation) <= most:
            early.append(equation)
            known.update(equation.outvars)
        else:
            late.append(equation)
    return early, late


def _largest(equation: Any) -> float:
    """The numbers of an operation, or of the largest in it; infinite with effects and loops."""
    if equation.effects or equation.primitive.name in _LOOPS:
        return math.inf
    # Of a function that returns nothing there are no numbers.
    own = max((math.prod(v.aval.shape) for v in equation.outvars), default=0)
    inner = core.jaxprs_in_params(equation.params)
    return max(own, *(_largest(other) for program in inner for other in program.eqns), 0)


def _is_literal(atom: Any) -> bool:
    return isinstance(atom, core.Literal)


def _function(
    closed: Any, equations: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any]
) -> Callable[..., Any]:
    """Some operations of a program, as a function of its own."""
    info = closed.jaxpr.debug_info._replace(
        arg_names=("",) * len(inputs), result_paths=("",) * len(outputs)
    )
    program = closed.jaxpr.replace(
        eqns=list(equations), invars=list(inputs), outvars=list(outputs), debug_info=info
    )
    return core.jaxpr_as_fun(core.ClosedJaxpr(program, closed.consts))
