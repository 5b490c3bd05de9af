"""`--set`: names, paths, values, types."""

from typing import Any

import equinox as eqx
import numpy as np
import pytest

import thalweg as tw
from thalweg.cli.parse.settings import apply, build, split_settings
from thalweg.core.parameters import parameters


class Inner(eqx.Module):
    stiffness: float = 2.0
    name: str = "inner"


class Everything(tw.Flow):
    rate: float = 1.0
    count: int = eqx.field(static=True, default=3)
    weights: Any = eqx.field(default_factory=lambda: np.eye(2))
    is_fast: bool = False
    inner: Inner = Inner()
    terms: tuple[Inner, ...] = (Inner(1.0), Inner(3.0))
    whole: float = 2  # annotated float, given as an integer

    def velocity(self, t, state):
        return -state


class Needs(tw.Flow):
    rate: float
    label: str = "x"

    def velocity(self, t, state):
        return -state


class Positive(tw.Flow):
    rate: float = 1.0

    def __check_init__(self):
        if self.rate <= 0:
            raise tw.InputError("rate must be positive.")

    def velocity(self, t, state):
        return -self.rate * state


def set_(made_by, *texts):
    return build(made_by, split_settings(texts), {}, "system")


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("rate=1", "rate", 1.0),
        ("rate=.5", "rate", 0.5),
        ("rate = -2e-3", "rate", -2e-3),
        ("whole=3", "whole", 3.0),
        ("count=4.0", "count", 4),
        ("is_fast=true", "is_fast", True),
        ("inner.stiffness=7", "inner.stiffness", 7.0),
        ("inner.name=bare words", "inner.name", "bare words"),
        ('inner.name="quoted"', "inner.name", "quoted"),
        ("terms.1.stiffness=9", "terms.1.stiffness", 9.0),
        ("weights.0.1=5", "weights", [[1.0, 5.0], [0.0, 1.0]]),
        ("weights=[[1, 2, 3]]", "weights", [[1.0, 2.0, 3.0]]),
    ],
)
def test_a_value_takes_the_type_of_what_it_replaces(text, path, expected):
    value = parameters(set_(Everything, text))[path]
    assert value == expected
    assert type(value) is type(expected)


def test_nothing_else_changes_and_the_default_is_left_alone():
    before = parameters(Everything())
    after = parameters(set_(Everything, "weights.0.1=5", "terms.0.stiffness=8"))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"weights", "terms.0.stiffness"}
    assert parameters(Everything()) == before


def test_parameters_are_named_as_set_names_them():
    assert list(parameters(Everything())) == [
        "rate", "count", "weights", "is_fast", "inner.stiffness", "inner.name",
        "terms.0.stiffness", "terms.0.name", "terms.1.stiffness", "terms.1.name", "whole",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["rate"], ["'rate'", "NAME=VALUE"]),
        (["=3"], ["'=3'", "NAME=VALUE"]),
        (["rat=3"], ["'rat'", "Did you mean rate?", "inner.stiffness"]),
        (["inner.nothing=3"], ["'inner.nothing'", "inner.stiffness"]),
        (["rate.deeper=3"], ["'rate.deeper'"]),
        (["rate=fast"], ["rate=fast", "JSON"]),
        (["rate=true"], ["rate=true", "a number"]),
        (["rate=[1]"], ["rate=[1]", "a number"]),
        (["count=2.5"], ["count=2.5", "whole number"]),
        (["is_fast=1"], ["is_fast=1", "true or false"]),
        (["weights=3"], ["weights=3", "list of numbers"]),
        (["weights=[1, 2]"], ["weights=[1, 2]", "(2, 2)", "(2,)"]),
        (["weights=[[1], [2, 3]]"], ["weights", "rows of one length"]),
        (["weights.5.0=1"], ["weights.5.0", "(2, 2)"]),
        (["weights.0=1"], ["weights.0", "(2, 2)"]),
        (["inner.name=3"], ["inner.name=3", "text"]),
    ],
)
def test_what_does_not_fit_is_named(texts, words):
    with pytest.raises(tw.InputError) as caught:
        set_(Everything, *texts)
    for word in words:
        assert word in str(caught.value)


def test_a_group_is_set_by_its_parts():
    with pytest.raises(tw.InputError, match=r"terms\.0\.stiffness"):
        apply(Everything(), {"terms.0": "3"}, "system")


def test_a_parameter_without_default_must_be_given():
    with pytest.raises(tw.InputError, match=r"no default for rate: give --set rate=VALUE"):
        set_(Needs)
    assert set_(Needs, "rate=3").rate == 3.0


def test_the_class_checks_what_is_set_on_it_and_on_its_instances():
    for attempt in (
        lambda: set_(Positive, "rate=-1"),
        lambda: apply(Positive(2.0), {"rate": "-1"}, "system"),
    ):
        with pytest.raises(tw.InputError, match="must be positive"):
            attempt()
    assert apply(Positive(2.0), {"rate": "3"}, "system").rate == 3.0


def test_presets_are_defaults():
    made = build(tw.models.Lorenz, {"rho": "21"}, {"rho": 5.0, "sigma": 9.0}, "lorenz")
    assert (made.rho, made.sigma) == (21.0, 9.0)


def test_an_element_of_a_tuple_is_set():
    rule = tw.as_flow(lambda t, x, rates: -rates[1] * x, (1.0, 2.0))
    assert apply(rule, {"args.1": "3"}, "rule").args == (1.0, 3.0)
    assert apply(rule, {"args": "[4, 5]"}, "rule").args == (4.0, 5.0)


class Bounded(tw.Flow):
    rate: float = 1.0
    domain: tw.Box = tw.Box([-1.0], [1.0])

    def velocity(self, t, state):
        return -self.rate * state


@pytest.mark.parametrize("text", ["domain=3", "domain.lower=[0]", "domain.lower.0=0"])
def test_a_region_is_not_set_but_given(text):
    wells = tw.as_flow(lambda x: x - x**3, domain=tw.Box([-2.0], [2.0]))
    with pytest.raises(tw.InputError, match="It has rate"):
        set_(Bounded, text)
    with pytest.raises(tw.InputError, match="It has no parameters"):
        apply(wells, split_settings([text]), "wells")
    with pytest.raises(tw.InputError, match=r"no parameter 'fn\.takes_time'"):
        apply(wells, {"fn.takes_time": "true"}, "wells")
