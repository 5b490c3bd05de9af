"""SYSTEM: built-in names and files of the user."""

import sys
import textwrap
from typing import Any

import pytest

import thalweg as tw
from thalweg.cli.parse.loader import load_system
from thalweg.models import registry

MODEL = """
    import jax.numpy as jnp
    import thalweg as tw
    from thalweg import SteepestDescent

    class Decay(tw.Flow):
        rate: float = 0.5
        domain = tw.Box([-1.0], [1.0])

        def velocity(self, t, state):
            return -self.rate * state

    class Bowl(tw.Energy):
        stiffness: float = 2.0

        def __call__(self, state):
            return 0.5 * self.stiffness * jnp.sum(state**2)

    class Callable:
        def __call__(self, state):
            return jnp.sum(state**2)

    fast = Decay(rate=3.0)
    bowl = Bowl(4.0)
    anything = Callable()
    number = 3

    def field(state):
        return -state
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    path = tmp_path / "model.py"
    path.write_text(textwrap.dedent(MODEL))
    return path


def rule_of(name, settings=()) -> Any:
    return load_system(str(name), settings).rule


def refused(name, settings=()):
    with pytest.raises(tw.InputError) as caught:
        load_system(str(name), settings)
    return str(caught.value)


@pytest.mark.parametrize("entry", registry.ENTRIES, ids=lambda entry: entry.name)
def test_every_built_in_loads_and_has_a_domain_and_parameters(entry):
    system = load_system(entry.name)
    assert system.slug == entry.name
    assert system.rule.rule_kind == entry.tags[0]
    assert tw.core.declared.declared_domain(system.rule) is not None
    assert system.parameters


def test_a_class_or_an_instance_of_a_file(model):
    assert rule_of(f"{model}:Decay", ["rate=2"]).rate == 2.0
    assert rule_of(f"{model}:fast").rate == 3.0
    assert rule_of(f"{model}:fast", ["rate=2"]).rate == 2.0
    assert load_system(f"{model}:Decay").slug == "model-Decay"


def test_an_energy_means_its_euclidean_descent(model):
    for name, settings, stiffness in [("Bowl", ["stiffness=3"], 3.0), ("bowl", [], 4.0)]:
        system = load_system(f"{model}:{name}", settings)
        assert isinstance(system.rule, tw.SteepestDescent)
        assert isinstance(system.rule.geometry, tw.Euclidean)
        assert system.parameters == {"stiffness": stiffness}
        assert float(rule_of(f"{model}:{name}", settings).velocity(0.0, 2.0)) == -2.0 * stiffness
    assert float(rule_of(f"{model}:anything").velocity(0.0, 2.0)) == -4.0


def test_a_class_of_a_preset_keeps_it():
    assert load_system("morris-lecar-class-1").parameters["v3"] == 12.0
    assert load_system("morris-lecar-class-1", ["v3=11"]).parameters["v3"] == 11.0


def test_unknown_system_offers_the_nearest_names():
    assert "fitzhugh-nagumo" in refused("fitzhugh_nagumo")
    assert "henon" in refused("hennon")
    assert "thalweg list" in refused("zzzz")


def test_what_a_file_lacks_is_said(model, tmp_path):
    assert "There is no file" in refused(tmp_path / "absent.py:Decay")
    assert "not a file" in refused(f"{tmp_path}/:Decay")
    assert "'Decoy'. Did you mean Decay?" in refused(f"{model}:Decoy")
    assert "It has Bowl, Decay, bowl, fast." in refused(f"{model}:zzz")
    assert "say which system" in refused(model)
    assert "model.py:Bowl. It has" in refused(model)  # one that there is
    assert "say which system" in refused(f"{model}:")
    empty = tmp_path / "empty.py"
    empty.write_text("")
    assert "It has no rules or energies." in refused(f"{empty}:x")
    assert "empty.py has no rules or energies: write a class" in refused(empty)
    text = tmp_path / "notes.txt"
    text.write_text("")
    assert "must end in .py" in refused(f"{text}:x")


def test_what_is_no_system_is_said(model):
    assert "plain function" in refused(f"{model}:field")
    assert "tw.as_flow(field)" in refused(f"{model}:field")
    assert "type int" in refused(f"{model}:number")
    assert "Callable" in refused(f"{model}:Callable")
    assert "a module" in refused(f"{model}:jnp")
    text = model.read_text() + "\nclass Abstract(tw.Flow):\n    pass\n"
    model.write_text(text)
    assert "Abstract lacks velocity. A Flow needs velocity(self, t, state)" in refused(
        f"{model}:Abstract"
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1\ny = = 2\n", ["SyntaxError", "line 2"]),
        ("import nowhere_to_be_found\n", ["ModuleNotFoundError", "line 1", "nowhere_to_be_found"]),
        ("x = 1\n\ny = 1 / 0\n", ["ZeroDivisionError", "line 3"]),
        ("raise SystemExit('bye')\n", ["SystemExit", "line 1", "bye"]),
    ],
)
def test_a_file_that_does_not_import_says_why_and_where(tmp_path, monkeypatch, source, words):
    monkeypatch.setattr(sys, "path", [*sys.path])
    path = tmp_path / "broken_model.py"
    path.write_text(source)
    message = refused(f"{path}:System")
    for word in ["does not import", str(path), *words]:
        assert word in message
    assert "broken_model" not in sys.modules


def test_a_file_without_its_ending_is_offered(model, monkeypatch):
    monkeypatch.chdir(model.parent)
    assert refused("model:Decay").endswith("named as model.py:Decay.")
    assert refused("model").endswith("named as model.py:Name.")
