"""Inputs of `simulate`, checked and brought into the form that the engines take."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.declared import check_states, declared_domain
from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.given import refuse_result, told
from thalweg.core.tracing import refuse_frozen_chance
from thalweg.core.trees import Layout, as_arrays, has_tracer, is_plain_list, non_finite_leaves
from thalweg.dynamics import Random, Rule
from thalweg.dynamics.cures import cure_of, taken_as
from thalweg.dynamics.misuse import no_number, no_rule, written_wrongly, wrong_structure


def checked_rule(rule: Any, key: Any) -> Rule:
    """The rule with its numbers as arrays.

    Raises:
        InputError: it is no rule, a parameter is not finite, a key is missing or given for nothing.
    """
    if not isinstance(rule, Rule):
        raise no_rule("simulate: rule", rule, "a Flow, a Map, a Diffusion or a Kernel")
    broken = non_finite_leaves(rule)
    if broken:
        raise InputError(
            f"simulate: {type(rule).__name__} has a parameter that is not finite: "
            f"{', '.join(broken)}."
        )
    name, kind = type(rule).__name__, rule.rule_kind
    if isinstance(rule, Random):
        _check_key(name, kind, key)
    elif key is not None:
        raise InputError(
            f"simulate: key is for rules that draw random numbers; {name}, a {kind}, draws "
            f"none. Leave it out."
        )
    return as_arrays(rule)


def _check_key(name: str, kind: str, key: Any) -> None:
    if key is None:
        raise InputError(
            f"simulate: {name} is a {kind}, which draws random numbers: give key=…, for example "
            f"jax.random.key(0)."
        )
    is_typed = isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    is_raw = isinstance(key, jax.Array | np.ndarray) and key.dtype == np.uint32
    if not (is_typed and key.ndim == 0) and not (is_raw and not is_typed and key.ndim == 1):
        got = f"an array of shape {key.shape}" if hasattr(key, "shape") else repr(key)
        raise InputError(
            f"simulate: key must be one key, such as jax.random.key(0), got {got}. For many runs "
            f"use thalweg.ensemble or jax.vmap over jax.random.split(key, n)."
        )


def checked_start(rule: Rule, start: Any) -> Any:
    """The state to begin with, as arrays of one floating dtype.

    Integers and plain numbers become floats of JAX's default precision; a list of numbers is a
    vector.

    Raises:
        InputError: it does not hold finite real numbers, or does not fit the rule.
    """
    start = jax.tree.map(_as_array, start, is_leaf=is_plain_list)
    leaves = jax.tree.leaves(start)
    if not leaves:
        raise InputError("simulate: start has no numbers in it.")
    dtype = jnp.result_type(*leaves)
    start = jax.tree.map(
        lambda x: x.astype(dtype) if isinstance(x, jax.Array) else np.asarray(x, dtype), start
    )
    broken = non_finite_leaves(start)
    if broken:
        raise InputError(f"simulate: start must be finite, got {broken[0].lstrip(' =')}.")
    _check_declared(rule, start)
    _check_fit(rule, start)
    if not has_tracer(start):
        check_states(rule, start, "start")
    return start


def _as_array(leaf: Any) -> Any:
    array = leaf if isinstance(leaf, jax.Array) else _numbers(leaf)
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise InputError(
            "simulate: start must hold real numbers, got complex ones. Give real and imaginary "
            "parts as separate coordinates."
        )
    if jnp.issubdtype(array.dtype, jnp.floating):
        dtype = jax.dtypes.canonicalize_dtype(array.dtype)
    else:
        dtype = jnp.result_type(float)
    return array.astype(dtype)


def _numbers(leaf: Any) -> np.ndarray:
    refuse_result("simulate: start", leaf)
    try:
        array = np.asarray(leaf)
    except ValueError as error:
        raise InputError(f"simulate: start must hold numbers, got {told(leaf)}.") from error
    # bfloat16 and its kin have the kind "V".
    if array.dtype.kind not in "bifucV" or array.dtype.names:
        raise InputError(f"simulate: start must hold numbers, got {told(leaf)}.")
    # Plain numbers say nothing of their precision, so they get the default one.
    return array if isinstance(leaf, np.ndarray | np.generic) else array.astype(float)


def _check_declared(rule: Rule, start: Any) -> None:
    if has_tracer(rule):  # a domain that depends on parameters has no bounds while they are traced
        return
    domain, layout = declared_domain(rule), Layout.of(start)
    if domain is None or (isinstance(domain, Box) and domain.is_scalar):
        return
    expected = domain.layout
    if layout != expected:
        raise InputError(
            f"simulate: start has the shape {_shape(layout)}, but the states of "
            f"{type(rule).__name__} have {_shape(expected)}. For many starts at once use "
            f"thalweg.ensemble or jax.vmap."
        )
    if not has_tracer(start):
        check_states(domain, start, "start")


def _check_fit(rule: Rule, start: Any) -> None:
    name, layout = type(rule).__name__, Layout.of(start)
    verb = rule.words.law
    if problem := written_wrongly(rule):
        raise InputError(f"simulate: {name}: {problem}")
    t = np.zeros((), rule.time_dtype(jax.tree.leaves(start)[0].dtype))
    try:
        result = eqx.filter_eval_shape(rule.trial, t, start)
    except InputError as error:
        raise InputError(f"simulate: {error}") from error
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        cure = cure_of(error, _shape(layout), rule) + taken_as(rule)
        raise InputError(
            f"simulate: {name}.{verb} fails for a start of shape {_shape(layout)} "
            f"({type(error).__name__}: {reason[0]}).{cure}"
        ) from error
    if jax.tree.structure(result) != layout.treedef:
        raise InputError(f"simulate: {name}: {wrong_structure(verb, result, layout)}")
    if problem := no_number(verb, result):
        raise InputError(f"simulate: {name}: {problem}")
    refuse_frozen_chance(f"simulate: {name}.{verb}", rule.words.chance, rule, rule.trial, t, start)
    returned = Layout.of(result)
    if returned != layout:
        raise InputError(
            f"simulate: {name}.{verb} must return the structure and shape of the state, "
            f"{_shape(layout)}, got {_shape(returned)}.{taken_as(rule)}"
        )
    for leaf, of_start in zip(jax.tree.leaves(result), jax.tree.leaves(start), strict=True):
        if leaf.dtype != of_start.dtype:
            raise InputError(
                f"simulate: {name}.{verb} must keep the dtype of the state: a {of_start.dtype} "
                f"state gave {leaf.dtype}. Give the start or the parameters that dtype, and remove "
                f"casts and integer or complex results."
            )


def _shape(layout: Layout) -> Any:
    return layout.shapes[0] if len(layout.shapes) == 1 else layout.shapes
