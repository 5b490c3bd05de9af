"""The domain in which a question about a rule is asked."""

from itertools import islice
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.declared import declared_domain, declared_labels, declared_names
from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.core.given import told
from thalweg.core.tables import counted
from thalweg.core.tracing import refuse_frozen_chance
from thalweg.core.trees import Layout
from thalweg.dynamics.cures import cure_of, taken_as
from thalweg.dynamics.functions import FunctionFlow, FunctionMap
from thalweg.dynamics.misuse import as_box, no_number, written_wrongly, wrong_structure
from thalweg.dynamics.rules import Rule

_LARGEST_GUESS = 64  # state sizes that are tried on a rule that names none, each a trace of it


def resolve_domain(rule: Rule, domain: Domain | None = None) -> Domain:
    """The domain in which a question about `rule` is asked.

    None means the declared one. A box of a single pair of numbers is repeated for every coordinate
    of the declared domain's states, or else of the one state shape that fits the rule.

    Raises:
        InputError: no domain is given or declared; its states do not fit the rule.
    """
    declared, is_given = declared_domain(rule), domain is not None
    if domain is None:
        if declared is None:
            raise no_domain(rule)
        domain = declared
    elif not isinstance(domain, Domain):
        raise InputError(
            f"domain must be a Box or another domain, got {told(domain)}.{as_box(domain)}"
        )
    elif isinstance(domain, Box) and domain.is_scalar:
        layout = declared.chart().layout if declared is not None else _only_fit(rule)
        domain = domain.like(layout)
    layout = domain.chart().layout
    check_fit(rule, layout)
    _check_names(rule, layout, is_given)
    _check_chance(rule, layout)
    return domain


def no_domain(rule: Rule, otherwise: str = "") -> InputError:
    """The error of a rule without a domain where one is asked for.

    Arguments:
        rule: the rule.
        otherwise: a sentence on what else will do.
    """
    name = type(rule).__name__
    said = f"{name} declares no domain: pass one, for example {_example(rule)}, or"
    if isinstance(rule, FunctionFlow | FunctionMap):
        made = "as_map" if isinstance(rule, FunctionMap) else "as_flow"
        return InputError(f"{said} make it with one: {made}(f, domain=Box(…)).{otherwise}")
    return InputError(f"{said} declare `domain = Box(…)` on the class.{otherwise}")


def _check_names(rule: Rule, layout: Layout, is_given: bool) -> None:
    """Refuse a domain with another number of coordinates than a rule names."""
    names = declared_labels(rule)
    if names is None or len(names) == layout.size:
        return
    if not is_given:
        declared_names(rule, layout)  # the names that are too many or few are the rule's own
    raise InputError(
        f"domain has {counted(layout.size, 'coordinate')}, but {type(rule).__name__} names "
        f"{len(names)}: {', '.join(names)}."
    )


def _example(rule: Rule) -> str:
    """A box of as many coordinates as the rule takes, as it is written; of two if many fit."""
    fitting = _fitting(rule)
    size = fitting[0].size if len(fitting) == 1 else len(declared_labels(rule) or ()) or 2
    if size > 3:
        return f"Box([-3.0] * {size}, [3.0] * {size})"
    is_number = len(fitting) == 1 and not fitting[0].shapes[0]
    return "Box(-3, 3)" if is_number else f"Box({[-3] * size}, {[3] * size})"


def _fitting(rule: Rule) -> list[Layout]:
    """Layouts of the first two shapes of one number or a vector that fit."""
    shapes = [(), *((n,) for n in range(1, _LARGEST_GUESS + 1))]
    candidates = (Layout.of(np.zeros(shape)) for shape in shapes)
    return list(islice((lay for lay in candidates if _mismatch(rule, lay) is None), 2))


def _only_fit(rule: Rule) -> Layout:
    fitting = _fitting(rule)
    if len(fitting) == 1:
        return fitting[0]
    found = "several state shapes fit" if fitting else f"no vector of up to {_LARGEST_GUESS} fits"
    raise InputError(
        f"domain: a single pair of bounds does not tell the dimension of {type(rule).__name__} "
        f"({found}). Give one pair a coordinate, for example Box([-3, -3], [3, 3])."
    )


def check_fit(rule: Rule, layout: Layout) -> None:
    """Refuse a layout that the states of a rule do not have.

    Raises:
        InputError: the rule fails for such states, or does not give one back; it says which.
    """
    problem = written_wrongly(rule) or _mismatch(rule, layout)
    if problem:
        raise InputError(f"{type(rule).__name__}: {problem}{taken_as(rule)}")


def fits(rule: Rule, layout: Layout) -> bool:
    """Truth: the rule takes states of this layout, and gives such back."""
    return _mismatch(rule, layout) is None


def _check_chance(rule: Rule, layout: Layout) -> None:
    name = type(rule).__name__
    t = np.zeros((), rule.time_dtype(np.float64))
    with jax.enable_x64(True):
        refuse_frozen_chance(
            f"{name}.{rule.words.law}", rule.words.chance, rule, rule.trial, t, _abstract(layout)
        )


def _abstract(layout: Layout) -> Any:
    """A state of that layout, as far as tracing needs one."""
    state = layout.unflatten(np.zeros(layout.size))
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct(np.shape(a), np.float64), state)


def _mismatch(rule: Rule, layout: Layout) -> str | None:
    """A sentence on why a state of this layout does not fit the rule, or None if it does."""
    shapes = layout.shapes[0] if len(layout.shapes) == 1 else layout.shapes
    verb, t = rule.words.law, np.zeros((), rule.time_dtype(np.float64))
    failure: list[Exception] = []

    def attempt(state: Any) -> Any:
        # Caught before it crosses JAX, which would spend ten times as long on its traceback.
        try:
            return rule.trial(t, state)
        except Exception as error:
            failure.append(error)

    with jax.enable_x64(True):
        result = eqx.filter_eval_shape(attempt, _abstract(layout))
    if failure:
        said = (str(failure[0]).strip().splitlines() or [""])[0]
        reason = said.split(". ")[0].removesuffix(".")
        kind, cure = type(failure[0]).__name__, cure_of(failure[0], shapes, rule)
        return f"{verb} fails for a state of shape {shapes} ({kind}: {reason}).{cure}"
    if jax.tree.structure(result) != layout.treedef:
        return wrong_structure(verb, result, layout)
    if problem := no_number(verb, result):
        return problem
    for value, shape in zip(jax.tree.leaves(result), layout.shapes, strict=True):
        leaf = value if hasattr(value, "dtype") else np.asarray(value)
        if leaf.shape != shape:
            return f"{verb} must return the shape of the state, {shape}, got {leaf.shape}."
        if leaf.dtype != np.float64:
            return (
                f"{verb} must keep the dtype of the state: a float64 state gave {leaf.dtype}. "
                f"Remove casts and integer or complex results."
            )
    return None
