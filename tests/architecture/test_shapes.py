"""Verbs take and return arrays of the shapes that their signatures say, or refuse them."""

import importlib
import inspect

import numpy as np
import pytest
from jaxtyping import jaxtyped
from tests import shapes
from tests.architecture.house import imported_names, package

import thalweg as tw
from thalweg.core.shapes import Array, Float, Num, Number, States


@jaxtyped(typechecker=shapes.checked)
def _dots(x: Num[Array, "n d"], y: Num[Array, "n d"] | None = None) -> Float[np.ndarray, "n"]:
    return np.sum(np.asarray(x) * (x if y is None else y), axis=-1).reshape(-1)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((np.ones((2, 3)), np.ones((2, 1))), "y"),  # broadcasts, and is not what is asked for
        ((np.ones(3),), "x"),
        (([[1.0, 2.0]],), "x"),
    ],
)
def test_a_shape_that_is_not_what_the_signature_says_is_seen(arguments, name):
    assert _dots(np.ones((2, 3))).tolist() == [3.0, 3.0]
    assert _dots(np.ones((2, 3)), np.ones((2, 3))).tolist() == [3.0, 3.0]
    with pytest.raises(TypeError) as caught:
        _dots(*arguments)
    assert str(caught.value.__cause__).startswith(f"{name} is")


@jaxtyped(typechecker=shapes.checked)
def _first(starts: int | States, t: Number = 0.0) -> object:
    return starts


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (({"a": np.ones((2, 3)), "b": np.ones(3)},), "starts"),  # of two lengths
        (([[1.0, 2.0]],), "starts"),
        ((4, np.ones(1)), "t"),
    ],
)
def test_a_pytree_that_is_not_what_the_signature_says_is_seen(arguments, name):
    for fine in (4, np.ones((2, 3)), {"a": np.ones((2, 3)), "b": np.ones(2)}):
        assert _first(fine, np.asarray(1.0)) is fine
    with pytest.raises(TypeError) as caught:
        _first(*arguments)
    assert str(caught.value.__cause__).startswith(f"{name} is")


def test_every_module_that_says_shapes_is_checked():
    shaped = {
        module.name
        for module in package()
        for dotted, _ in imported_names(module)
        if dotted.startswith("thalweg.core.shapes.") and not dotted.endswith(".PyTree")
    }
    assert shaped == set(shapes.MODULES)


@pytest.mark.parametrize("name", shapes.MODULES)
def test_the_verbs_of_each_module_are_checked(name):
    module = importlib.import_module(name)
    own = [
        fn
        for fn in vars(module).values()
        if inspect.isfunction(fn)
        and fn.__module__ == name
        and any(map(shapes.has_shape, fn.__annotations__.values()))
    ]
    assert own
    assert all(hasattr(fn, "__wrapped__") for fn in own)


def test_a_verb_is_asked_in_its_own_words_first():
    with pytest.raises(tw.InputError):
        tw.learning.learn_series(np.ones(3))
