"""What tells configurations apart, and what does not."""

import functools

import jax
import numpy as np
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
