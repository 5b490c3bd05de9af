"""What a page is told of a system: axes, sliders, what is held; and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.explorer.questions import diagram_data, region
from thalweg.explorer.source import source_of
from thalweg.explorer.system import read_system
from thalweg.formats import read_xpp
from thalweg.models import registry

# Quickest of all: its formulas are a line.
LORENZ = registry.find("lorenz").create()


def test_sliders_are_the_parameters_from_zero_to_twice_their_value():
    system = read_system(tw.models.FitzHughNagumo(current=-0.5, a=0.0))
    told = [(s.name, s.value, s.lower, s.upper) for s in system.sliders]
    assert told[:2] == [("current", -0.5, -1.0, 0.0), ("a", 0.0, -1.0, 1.0)]
    assert told[2:] == [("b", 0.8, 0.0, 1.6), ("tau", 12.5, 0.0, 25.0)]
    assert (system.axes, system.window) == (("v", "w"), [-3.0, 3.0, -3.0, 3.0])
    assert system.uses_time is False


def test_a_slider_spans_the_range_over_which_its_parameter_varies_and_its_value():
    system = read_system(tw.models.FitzHughNagumo(current=0.0))
    first, second, third, fourth = system.spanning({"current": (-20.0, 200.0), "a": [1, 3]}).sliders
    assert (first.value, first.lower, first.upper) == (0.0, -20.0, 200.0)
    assert (second.value, second.lower, second.upper) == (0.7, 0.7, 3.0)
    assert (third, fourth) == system.sliders[2:]


def test_a_region_has_no_sliders_and_no_diagram():
    box = tw.Box([-2.0, -2.0], [2.0, 2.0])
    wells = read_system(tw.as_flow(lambda x: x - x**3, domain=box))
    assert wells.sliders == ()
    with pytest.raises(tw.InputError, match="no parameter"):
        diagram_data(wells, "domain.lower[0]", (-3.0, -1.0))
    given = read_system(tw.as_flow(lambda t, x, rates: -rates[0] * x, (1.0, 2.0), domain=box))
    assert [s.name for s in given.sliders] == ["args.0", "args.1"]


def test_entries_of_arrays_have_sliders_and_large_arrays_none():
    competition = read_system(registry.find("lotka-volterra-competition").create())
    assert [s.name for s in competition.sliders][:3] == [
        "rates[0]",
        "rates[1]",
        "interactions[0,0]",
    ]
    network = registry.find("random-tanh").create()
    box = tw.Box([-1.0, -1.0, *[0.0] * 6], [1.0, 1.0, *[0.0] * 6])
    read = read_system(network, box)
    assert [s.name for s in read.sliders if not s.is_held] == ["gain"]
    assert sum(s.is_held for s in read.sliders) == 6


def test_an_energy_is_its_steepest_descent_under_its_own_names():
    system = read_system(tw.energies.DoubleWell(barrier=2.0))
    assert next((s.name, s.path) for s in system.sliders) == ("barrier", "energy.barrier")
    assert system.energy_note == "declared by the system"
    assert [f.name for f in system.functions] == ["displacement", "jacobian", "energy", "rise"]


def test_a_slice_holds_coordinates_on_sliders():
    system = read_system(LORENZ, tw.Box([-20.0, -30.0, 27.0], [20.0, 30.0, 27.0]))
    held = system.sliders[-1]
    assert (held.name, held.value, held.is_held, held.coordinate) == ("z", 27.0, True, 2)
    values = np.array([s.value for s in system.sliders])
    values[-1] = 5.0
    with jax.enable_x64(True):
        moved = system.at(values).displacement(jnp.array([1.0, 2.0]))
    sigma, rho, _ = values[:3]
    np.testing.assert_allclose(moved, [sigma, rho - 5.0 - 2.0], rtol=1e-6)
    box = region(system, values, [-1.0, 1.0, -2.0, 2.0])
    assert box.to_dict()["lower"] == [-1.0, -2.0, 5.0]
    assert box.to_dict()["upper"] == [1.0, 2.0, 5.0]


def test_more_than_two_free_coordinates_are_refused_with_the_cure():
    with pytest.raises(tw.InputError, match=r"3 free ones \(x, y, z\).*--hold NAME=VALUE"):
        read_system(LORENZ)


def test_a_rule_without_javascript_says_why():
    class Sorted(tw.Flow):
        domain = tw.Box([-1.0, -1.0], [1.0, 1.0])

        def velocity(self, t, state):
            return -jnp.sort(state)

    system = read_system(Sorted())
    assert system.functions == ()
    assert "'sort'" in system.reason


def test_scripts_make_built_in_systems_and_classes_of_files():
    built_in = source_of(registry.find("henon").create(), "henon")
    assert built_in is not None
    assert built_in.make == "find('henon').create()"
    own = source_of(tw.models.VanDerPol(), "folder/model.py:VanDerPol")
    assert own is not None
    assert (own.imports, own.make) == (("from model import VanDerPol",), "VanDerPol()")
    energy = source_of(tw.energies.DoubleWell())
    assert energy is not None
    assert energy.make == "tw.SteepestDescent(DoubleWell())"
    assert source_of(tw.as_flow(lambda x: -x)) is None


def test_a_script_reads_a_model_of_xpp_from_its_file(tmp_path):
    (tmp_path / "decay.ode").write_text("par k=2\nx'=-k*x\ny'=-y\n")
    rule = read_xpp(tmp_path / "decay.ode")
    assert source_of(rule) is None  # its class can be imported from nowhere
    source, hostile = source_of(rule, "decay.ode"), source_of(rule, 'a""" + b + """.ode')
    assert source is not None
    assert hostile is not None
    assert '"' not in hostile.title
    names = {}
    exec("\n".join(source.imports), names)
    again = eval(source.make.replace("decay", str(tmp_path / "decay")), names)
    np.testing.assert_allclose(again.velocity(0.0, jnp.ones(2)), [-2.0, -1.0])
