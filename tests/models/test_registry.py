"""What holds for every built-in system."""

import inspect

import equinox as eqx
import jax
import numpy as np
import pytest

import thalweg as tw
from thalweg.core.declared import declared_energy, declared_names
from thalweg.dynamics import resolve_domain
from thalweg.models import registry

every_entry = pytest.mark.parametrize("entry", registry.ENTRIES, ids=lambda entry: entry.name)


def test_names_are_sorted_and_distinct():
    names = [entry.name for entry in registry.ENTRIES]
    assert names == sorted(set(names))


def test_every_class_of_the_room_is_public_and_enrolled():
    assert sorted(registry.classes()) == sorted(tw.models.__all__)
    for name in tw.models.__all__:
        assert getattr(tw.models, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = tw.models.Nothing


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(tw.InputError, match="Did you mean van-der-pol"):
        registry.find("Van_der_Pol")


@every_entry
def test_the_summary_fits_on_a_line(entry):
    assert 0 < len(entry.summary) <= 44
    assert entry.tags[0] in ("flow", "map")


@every_entry
def test_the_number_of_coordinates_is_that_of_its_states(entry):
    assert entry.dimension == resolve_domain(entry.create()).layout.size


@every_entry
def test_every_parameter_is_documented_and_has_a_source(entry):
    made_by = entry.load_class()
    text = inspect.getdoc(made_by) or ""
    for parameter in inspect.signature(made_by).parameters:
        assert f"{parameter}:" in text, f"{made_by.__name__} does not document {parameter}"
    assert "References:" in text or made_by.__module__ == "thalweg.energies.wells"


@every_entry
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_the_state_is_kept(entry, dtype):
    rule = entry.create()
    layout = resolve_domain(rule).chart().layout
    state = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, dtype),
        layout.unflatten(np.zeros(layout.size)),
    )
    with jax.enable_x64(True):
        moved = eqx.filter_eval_shape(rule.displacement, 0.0, state)
        energy = declared_energy(rule)
        height = None if energy is None else eqx.filter_eval_shape(energy, state)
    assert [leaf.dtype for leaf in jax.tree.leaves(moved)] == [dtype] * len(layout.shapes)
    if height is not None:
        assert (height.shape, height.dtype) == ((), dtype)
    assert len(declared_names(rule, layout)) == layout.size


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda: tw.models.RingAttractor(size=2), "at least 3, got 2"),
        (lambda: tw.models.RingTanhFlow(size=1), "RingTanhFlow: size must be at least 2, got 1"),
        (lambda: tw.models.RingTanhMap(size=0), "RingTanhMap: size must be at least 2, got 0"),
        (lambda: tw.models.RandomTanhNetwork(size=0), "at least 1, got 0"),
        (lambda: tw.models.Replicator([[1.0, 2.0]]), r"square matrix, got the shape \(1, 2\)"),
        (lambda: tw.models.Competition(rates=[1.0]), r"got \(1,\) and \(2, 2\)"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(attempt, words):
    with pytest.raises(tw.InputError, match=words):
        attempt()
