"""What tells configurations apart, and what does not."""

import collections
import fractions
import functools
import math
import sys
import threading
import types

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.sweeps.systems import Loaded, Spring, drawn, stretch

import thalweg as tw
from thalweg.formats import read_xpp
from thalweg.sweeps.fingerprints import digest, fingerprint


def told(thing) -> str:
    return digest(fingerprint(thing))


def test_numbers_and_classes_tell_systems_apart():
    systems = [
        Spring(),
        Spring(load=2.0),
        Loaded(Spring(), np.zeros(2)),
        Loaded(Spring(), np.zeros(3)),
        Loaded(Spring(), np.zeros(2, np.float32)),
    ]
    assert len({told(system) for system in systems}) == len(systems)
    assert told(Spring(load=2.0)) == told(Spring(load=2.0))


def test_code_and_what_it_closes_over_tell_functions_apart():
    def make(factor, shift=0.0):
        return lambda s: factor * s.load + shift

    functions = [make(1.0), make(2.0), make(1.0, 1.0), stretch, jax.jit(stretch)]
    functions.append(functools.partial(drawn, key=2))
    assert len({told(fn) for fn in functions}) == len(functions)
    assert told(make(2.0)) == told(make(2.0))


def test_functions_without_a_source_are_told_by_their_instructions():
    one, same, other = (eval(f"lambda s: s.load + {n}") for n in (1, 1, 2))
    assert told(one) == told(same) != told(other)


def test_bound_methods_are_of_their_owners():
    assert told(tw.models.VanDerPol(mu=1.0).velocity) != told(tw.models.VanDerPol(mu=2.0).velocity)


def test_models_that_are_made_from_files(tmp_path):
    path = tmp_path / "model.ode"
    found = []
    for law in ("-a*x", "-a*x", "-a*x^3"):
        path.write_text(f"par a=1\nx'={law}\ninit x=1\ndone\n")
        found.append(told(read_xpp(path)))
    assert found[0] == found[1] != found[2]


class Scale:
    """A callable object that is no dataclass."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, spring):
        return spring.load * self.factor


class Slotted:
    """One that keeps its factor in a slot."""

    __slots__ = ("factor",)

    def __init__(self, factor):
        self.factor = factor


def closing_over(value):
    def fn(spring):
        return value, spring

    return fn


@pytest.mark.parametrize(
    "values",
    [
        (1j, 5j),
        ({1}, {2}),
        ({"a", "b", "c"}, {"a", "b", "d"}),
        (b"a", b"b"),
        (1, 1.0, True, "1", None),
        ([1, 2], [2, 1], (1, 2)),
        ({"a": 1}, {"a": 2}, {"b": 1}),
        ({1: 2}, {"1": 2}),
        (np.sin, np.cos, jnp.sin, jnp.cos, math.sin, math.cos),
        ([jnp.sin], [jnp.cos]),
        (slice(1), slice(2), range(1), range(2), ...),
        (Scale(2.0), Scale(3.0), Slotted(2.0), Slotted(3.0)),
        (Scale(2.0).__call__, Scale(3.0).__call__),
        ([1].append, [2].append),
        (fractions.Fraction(1, 3), fractions.Fraction(2, 3)),
        (np.random.default_rng(1), np.random.default_rng(2)),
        (np.array([1, None]), np.array([2, None])),
        (jax.vmap(closing_over(1)), jax.vmap(closing_over(2)), jax.grad(closing_over(1))),
        (np.vectorize(closing_over(1)), np.vectorize(closing_over(2))),
        (eqx.filter_jit(closing_over(1)), eqx.filter_jit(closing_over(2))),
        (np.float32, np.float64),
        (list(range(100)), list(range(101)), "a" * 100, "a" * 101),
        (collections.OrderedDict(a=1), collections.OrderedDict(a=2)),
    ],
)
def test_values_tell_each_other_apart_and_so_what_closes_over_them(values):
    assert len({told(value) for value in values}) == len(values)
    assert len({told(closing_over(value)) for value in values}) == len(values)
    assert [told(value) for value in values] == [told(value) for value in values]


def test_equal_objects_are_the_same():
    for make in (lambda: Scale(2.0), lambda: {3, 1, 2}, lambda: np.random.default_rng(1)):
        assert told(make()) == told(make())
    assert told({f"{n}" for n in range(9)}) == told({f"{n}" for n in reversed(range(9))})


def test_functions_of_one_line_and_attributes_of_functions():
    one, two = (lambda s: s.load), (lambda s: s.load**2)
    assert told(one) != told(two)
    before = told(closing_over(1))
    fn = closing_over(1)
    fn.factor = 2  # type: ignore[attr-defined]
    assert told(fn) != before


def test_what_is_computed_once_and_kept_does_not_count():
    class Keeps:
        @functools.cached_property
        def twice(self):
            return 2.0

    keeper = Keeps()
    before = told(keeper)
    assert keeper.twice == 2.0
    assert told(keeper) == before


def test_things_that_are_made_of_each_other():
    class Node:
        def __init__(self, value):
            self.value, self.other = value, self

        def again(self):
            return Node(self.value)

    assert told(Node(1)) == told(Node(1)) != told(Node(2))


@pytest.mark.parametrize("thing", [threading.Lock(), (n for n in "a"), np.frompyfunc(told, 1, 1)])
def test_what_cannot_be_told_is_refused_by_its_name(thing):
    with pytest.raises(tw.InputError, match=r"value of .*fn is a .* cannot be told from another"):
        fingerprint(closing_over(thing))


MODULE = """
import equinox as eqx
import {helpers}

FACTOR = 2.0
UNUSED = 1.0

def helper(x):
    return FACTOR * x

class Base(eqx.Module):
    k: float = 1.0

    def velocity(self, x):
        return helper(x) + self.k

class Mine(Base):
    def __check_init__(self):
        if self.k < 0:
            raise ValueError

    def __call__(self, x):
        return {helpers}.inner(x)

def fn(system):
    return [helper(x) for x in (1.0, 2.0)], {helpers}.inner(3.0)
"""
HELPERS = """
def inner(x):
    return x + 1.0

def unused(x):
    return x
"""


def module_of(folder, monkeypatch, text, helpers=HELPERS):
    """A module of that text, as another process would have it."""
    module = types.ModuleType("")
    for name, content in {"told_helpers": helpers, "told_module": text}.items():
        content = content.replace("{helpers}", "told_helpers")
        module, file = types.ModuleType(name), folder / f"{name}.py"
        file.write_text(content)
        module.__file__ = str(file)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(content, str(file), "exec"), module.__dict__)
    return module


@pytest.mark.parametrize(
    ("old", "new", "function", "system"),
    [
        ("FACTOR = 2.0", "FACTOR = 3.0", True, True),
        ("return FACTOR * x", "return FACTOR + x", True, True),
        ("return helper(x) + self.k", "return helper(x) - self.k", False, True),
        ("self.k < 0", "self.k < 1", False, True),
        ("(1.0, 2.0)", "(1.0, 3.0)", True, False),
        ("return x + 1.0", "return x + 2.0", True, True),
        ("UNUSED = 1.0", "UNUSED = 2.0", False, False),
        ("return x\n", "return 2 * x\n", False, False),
        ("class Mine(Base)", "class Mine(eqx.Module)", False, True),
    ],
)
def test_code_that_a_file_has_elsewhere_counts_where_it_is_used(
    tmp_path, monkeypatch, old, new, function, system
):
    module = module_of(tmp_path, monkeypatch, MODULE)
    before = told(module.fn), told(module.Mine)
    same = module_of(tmp_path, monkeypatch, "# A word.\n" + MODULE)
    assert (told(same.fn), told(same.Mine)) == before
    assert old in MODULE + HELPERS
    text, helpers = MODULE.replace(old, new), HELPERS.replace(old, new)
    other = module_of(tmp_path, monkeypatch, text, helpers)
    assert (told(other.fn) != before[0], told(other.Mine) != before[1]) == (function, system)


def test_classes_without_a_file_count_with_all_that_they_do():
    def made(text):
        space = {"__name__": "__main__", "eqx": eqx}
        exec(text, space)
        return told(space["Mine"])

    text = (
        "class Mine(eqx.Module):\n"
        "    k: float = 1.0\n"
        "    def __check_init__(self):\n        assert self.k > 0\n"
        "    def __call__(self, x):\n        return x + 1\n"
        "    def _inner(self, x):\n        return x - 1\n"
    )
    pairs = (("k > 0", "k > 1"), ("x + 1", "x + 2"), ("- 1", "- 2"))
    changed = [text.replace(*pair) for pair in pairs]
    assert made(text) == made(text)
    assert len({made(one) for one in [text, *changed]}) == 4


def test_installed_code_counts_by_name_and_version():
    assert fingerprint(jnp.sin) == {"name": "jax.numpy.sin"}
    assert set(fingerprint(pytest.raises)) == {"name", "version"}
