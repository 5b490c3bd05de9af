"""Nobody can forget: every concrete public energy, geometry, rule and kernel is enrolled."""

import importlib
import inspect
import pkgutil
import sys

import pytest
from tests.contract.contract_rows import DIFFUSIONS, ENERGIES, GEOMETRIES, KERNELS, RULES

import thalweg as tw
from thalweg.dynamics import Deterministic, Diffusion, Transition
from thalweg.models.registry import ENTRIES

# What a person touches holds no rules, and importing it has effects.
_NOT_IMPORTED = ("thalweg.cli", "thalweg.explorer")


def concrete_classes(base: type) -> set[type]:
    """The concrete public subclasses that any module of thalweg defines."""
    for module in pkgutil.walk_packages(tw.__path__, "thalweg."):
        if not module.name.startswith(_NOT_IMPORTED):
            importlib.import_module(module.name)
    found, waiting = set(), [base]
    while waiting:
        cls = waiting.pop()
        waiting.extend(cls.__subclasses__())
        # Examples in docstrings define classes too, which are in no module.
        module = sys.modules.get(cls.__module__)
        is_ours = cls.__module__.startswith("thalweg.") and not cls.__name__.startswith("_")
        is_ours = is_ours and getattr(module, cls.__name__, None) is cls
        if is_ours and not inspect.isabstract(cls):
            found.add(cls)
    return found


@pytest.mark.parametrize(
    ("base", "rows"),
    [
        (tw.Energy, ENERGIES),
        (tw.Geometry, GEOMETRIES),
        (Deterministic, RULES),
        (Diffusion, DIFFUSIONS),
        (Transition, KERNELS),
    ],
    ids=["energies", "geometries", "rules", "diffusions", "kernels"],
)
def test_everything_is_enrolled(base, rows):
    enrolled = {type(row.make()) for row in rows} | {entry.load_class() for entry in ENTRIES}
    missing = concrete_classes(base) - enrolled
    names = sorted(f"{cls.__module__}.{cls.__qualname__}" for cls in missing)
    assert not names, f"add one row for each to tests/contract/contract_rows.py: {names}"


def test_a_class_that_is_not_enrolled_is_seen():
    found = concrete_classes(tw.Geometry)
    assert tw.Euclidean in found
    assert tw.Geometry not in found
