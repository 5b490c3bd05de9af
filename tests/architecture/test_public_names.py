"""The public names: one table, complete, documented, and loaded on first use."""

import ast
import dataclasses
import doctest
import importlib
import inspect
import subprocess
import sys
from typing import Any, TypeGuard

import equinox as eqx
import pytest
from tests.architecture.house import FLOORS, package

import thalweg
from thalweg.core.reports import Report

_HEAVY = ("jax", "jaxlib", "numpy", "scipy", "equinox", "diffrax", "optimistix", "matplotlib")


def names_for_type_checkers() -> dict[str, str]:
    """Each name of the TYPE_CHECKING block of `thalweg/__init__.py`, with its module."""
    top = next(module for module in package() if module.name == "thalweg")
    block = next(
        node
        for node in top.tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.asname or alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_the_lazy_table_is_what_type_checkers_see():
    rooms = dict.fromkeys(thalweg._ROOMS, "thalweg")
    assert {**rooms, **thalweg._HOME} == names_for_type_checkers()
    assert sorted([*rooms, *thalweg._HOME]) == sorted(thalweg.__all__)
    assert set(thalweg.__all__) <= set(dir(thalweg))


def test_public_names_come_from_a_module_that_offers_them():
    for name, home in thalweg._HOME.items():
        module = importlib.import_module(home)
        assert getattr(thalweg, name) is getattr(module, name)
        assert name in getattr(module, "__all__", [name])
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        thalweg.nothing  # noqa: B018


def test_methods_live_in_their_room_and_results_of_short_verbs_are_short():
    """Besides `tw.Stiff`, which every stiff flow needs."""
    offered = {name: getattr(thalweg.simulation, name) for name in thalweg.simulation.__all__}
    methods = {name for name, value in offered.items() if is_a(value, thalweg.simulation.Method)}
    assert {"Adaptive", "EulerMaruyama", "RungeKutta4"} < methods
    assert methods & set(thalweg._HOME) == {"Stiff"}
    assert thalweg.simulation.Stiff is thalweg.Stiff
    verbs = [getattr(thalweg, name) for name in thalweg._HOME]
    returned = {
        getattr(inspect.unwrap(verb), "__annotations__", {}).get("return")
        for verb in verbs
        if inspect.isroutine(verb)
    }
    results = {value.__name__ for value in returned if is_a(value, Report)}
    assert {"Analysis", "Comparison", "Equilibria", "Trajectory"} < results <= set(thalweg._HOME)


def results_outside_the_protocol() -> list[str]:
    """Routines of rooms that return a plain dataclass, which is no picture, page or data set."""
    found = set()
    for module in package():
        if module.room in ("", "cli", "plot", "explorer", "report", "data"):
            continue
        loaded = importlib.import_module(module.name)
        for name in getattr(loaded, "__all__", ()):
            routine = inspect.unwrap(getattr(loaded, name))
            kind = getattr(routine, "__annotations__", {}).get("return")
            is_excepted = isinstance(kind, type) and issubclass(kind, eqx.Module | Report)
            if dataclasses.is_dataclass(kind) and not is_excepted:
                found.add(f"{module.name}.{name}")
    return sorted(found)


def test_results_print_go_to_json_and_come_back():
    """See `tests/results.py`; a `Question` is what the levels of a verdict share, no result."""
    assert results_outside_the_protocol() == ["thalweg.recovery.make_question"]


def is_a(value: Any, base: type) -> TypeGuard[type]:
    return inspect.isclass(value) and issubclass(value, base) and not inspect.isabstract(value)


def test_no_room_is_named_like_a_public_name():
    modules = {module.name.split(".")[1] for module in package() if "." in module.name}
    assert {*FLOORS, *modules} & set(thalweg._HOME) == set()


def undocumented() -> list[str]:
    exported = [(thalweg, name) for name in thalweg.__all__]
    for module in package():
        loaded = importlib.import_module(module.name)
        exported += [(loaded, name) for name in getattr(loaded, "__all__", ())]
    found = set()
    for module, name in exported:
        value = getattr(module, name)
        if not (inspect.ismodule(value) or inspect.isclass(value) or inspect.isroutine(value)):
            continue
        doc = (vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__) or ""
        if not doc.strip() or doc.startswith(f"{name}("):  # what a dataclass writes by itself
            found.add(f"{module.__name__}.{name}")
    return sorted(found)


def test_every_public_name_is_documented():
    assert undocumented() == []


@pytest.mark.long
@pytest.mark.parametrize("name", [m.name for m in package() if ">>>" in m.text])
def test_examples_in_docstrings_run(name):
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert results.attempted > 0
    assert results.failed == 0


def heavy_imports(code: str) -> str:
    """What of the heavy libraries is loaded after `code` has run in a new process."""
    report = f"import sys; print('|', [m for m in {_HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return done.stdout.rpartition("|")[2].strip()


def test_importing_the_package_imports_nothing_heavy():
    assert heavy_imports("import thalweg; dir(thalweg); thalweg.__version__") == "[]"
    assert "jax" in heavy_imports("import thalweg; thalweg.Flow")


def test_figures_and_their_numbers_say_what_they_take():
    values = {name: getattr(thalweg.plot, name) for name in thalweg.plot.__all__}
    functions = {name: value for name, value in values.items() if inspect.isfunction(value)}
    assert {"portrait_data", "spectrum_data", "sweep_data"} < set(functions)
    for name, function in functions.items():
        told = (inspect.getdoc(function) or "").partition("Arguments:")[2]
        missing = [p for p in inspect.signature(function).parameters if f"\n    {p}:" not in told]
        assert missing == [], name
