"""Every result class comes back from JSON equal to what was written, and so do its parts."""

import dataclasses
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import pytest
from tests.report import rows_of_analysis, rows_of_learning
from tests.zoo import Linear, LinearMap, polynomial_flow, square

import thalweg
from thalweg.core.about import About
from thalweg.core.jsontext import clean, to_text
from thalweg.core.reports import Report, same
from thalweg.studies.result import StudyResult

ROWS = rows_of_analysis.ROWS | rows_of_learning.ROWS

WELLS = polynomial_flow(lambda x: x - x**3, 1)
LINE = thalweg.Box([-2.0], [2.0])
SPIN = Linear(np.array([[0.0, -2.0], [1.0, -0.5]]))
ENERGY = thalweg.energies.FourWells()
DOUBLE = thalweg.energies.DoubleWell()
KEY = jax.random.key(0)


def nothing_stays() -> Any:
    away = polynomial_flow(lambda x: 4.0 * x + x**3, 1)
    return thalweg.basin_fractions(away, "coefficients[0,0]", [0.0, 0.5], LINE, starts=20)


# Calls that return what the rows of this test are made of by hand.
VERBS: dict[str, Callable[[], Any]] = {
    "find_equilibria": lambda: thalweg.find_equilibria(WELLS, LINE),
    "find_equilibria, of none": lambda: thalweg.find_equilibria(
        polynomial_flow(lambda x: 1.0 + 0.0 * x, 1), LINE
    ),
    "find_cycles, of none": lambda: thalweg.find_cycles(SPIN, square(2.0)),
    "find_basins": lambda: thalweg.find_basins(WELLS, LINE, starts=20),
    "basin_fractions, of none": nothing_stays,
    "bifurcation_diagram": lambda: thalweg.bifurcation_diagram(
        WELLS, "coefficients[0,0]", (-1.0, 1.0), LINE
    ),
    "check_descent": lambda: thalweg.check_descent(thalweg.SteepestDescent(ENERGY)),
    "check_bounded_below": lambda: thalweg.check_bounded_below(ENERGY, 2),
    "homogeneity_degree": lambda: thalweg.homogeneity_degree(ENERGY, 2),
    "conserved_quantities": lambda: thalweg.conserved_quantities(SPIN, square(2.0)),
    "linearize": lambda: thalweg.linearize(SPIN, np.zeros(2)),
    "linearize, a batch": lambda: jax.vmap(lambda x: thalweg.linearize(SPIN, x))(np.ones((3, 2))),
    "lyapunov_exponents": lambda: thalweg.lyapunov_exponents(
        LinearMap(np.diag([0.5, 0.0])), domain=square(2.0)
    ),
    "simulate": lambda: thalweg.simulate(SPIN, np.ones(2), duration=1.0, save=3),
    "simulate, to infinity": lambda: thalweg.simulate(
        LinearMap(np.diag([1e30, 2.0])), np.ones(2), steps=12, throw=False
    ),
    "sample": lambda: thalweg.sample(DOUBLE, thalweg.sampling.MALA(0.1), 50, key=KEY),
    "recover_energy": lambda: thalweg.recover_energy(SPIN, square(2.0)),
    "recover_energy, refuted": lambda: thalweg.recover_energy(
        Linear(np.array([[0.0, -1.0], [1.0, 0.0]])), square(2.0)
    ),
}


def has_reader(kind: type) -> bool:
    return kind.__module__.startswith("thalweg.") and hasattr(kind, "from_dict")


def every_class() -> set[type]:
    """The concrete classes of the package that can be read from JSON."""
    names = [found.name for found in pkgutil.walk_packages(thalweg.__path__, "thalweg.")]
    return {
        kind
        for name in names
        for kind in vars(importlib.import_module(name)).values()
        if inspect.isclass(kind) and has_reader(kind) and not inspect.isabstract(kind)
    }


def compared(value: Any) -> dict[str, Any]:
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.compare}


def parts(value: Any) -> Iterator[Any]:
    """All that can be read from JSON inside a result, itself among it."""
    if has_reader(type(value)):
        yield value
    if isinstance(value, About):  # knows how states of its domain are nested, the domain does not
        inside: Any = ()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        inside = compared(value).values()
    elif isinstance(value, dict):
        inside = value.values()
    else:
        inside = value if isinstance(value, tuple | list) else ()
    for one in inside:
        yield from parts(one)


def differences(one: Any, other: Any, path: str) -> Iterator[str]:
    """The places where two results differ: more exact than `==`, in types and signs of zero."""
    if dataclasses.is_dataclass(one) and type(one) is type(other):
        one, other = compared(one), compared(other)
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key, value in one.items():
            yield from differences(value, other[key], f"{path}.{key}")
    elif isinstance(one, tuple | list) and type(one) is type(other) and len(one) == len(other):
        for i, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, f"{path}[{i}]")
    elif hasattr(one, "dtype") or isinstance(one, float | int):
        left, right = np.asarray(one), np.asarray(other)
        alike = left.dtype.kind == right.dtype.kind and left.shape == right.shape
        if not (alike and same(left, right) and same(signs(left), signs(right))):
            yield f"{path}: {one!r} is not {other!r}"
    elif type(one) is not type(other) or not same(one, other):
        yield f"{path}: {one!r} is not {other!r}"


def signs(values: np.ndarray) -> np.ndarray:
    """True where a number is below zero or −0.0; NaN has no sign."""
    two = np.stack([np.real(values), np.imag(values)]).astype(np.float64)
    return np.signbit(two) & ~np.isnan(two)


def from_json(result: Any, text: str) -> Any:
    """A result read from text; a witness is told the kind of rule that the verdict is about."""
    read: Any = type(result).from_dict
    others = {"rule_kind": "flow"} if "rule_kind" in inspect.signature(read).parameters else {}
    return read(json.loads(text), **others)


def comes_back(result: Any) -> None:
    again = from_json(result, json.dumps(result.to_dict()))
    assert list(differences(result, again, type(result).__name__)) == []
    assert again.to_dict().keys() == result.to_dict().keys()
    if isinstance(result, Report):
        assert again == result
        assert (again.title, again.table(), again.remarks()) == (
            result.title, result.table(), result.remarks(),
        )  # fmt: skip
        assert again._repr_html_() == result._repr_html_()
        # A study prints its page, which JSON does not keep.
        assert isinstance(result, StudyResult) or str(again) == str(result)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.0, -0.0),
        (1, 1.0),
        (np.array([1]), np.array([1.0])),
        (np.zeros((0, 2)), np.zeros(0)),
        (np.array([1.0 + 0.0j]), np.array([complex(1.0, -0.0)])),
        ((1.0,), [1.0]),
        ({"a": (np.inf,)}, {"a": (np.nan,)}),
        (np.array(1.0), np.array([1.0])),
        ("a", "b"),
    ],
)
def test_what_differs_in_type_or_in_a_sign_is_seen(one, other):
    assert list(differences(one, other, "it"))
    assert list(differences(one, one, "it")) == []


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_a_result_and_its_parts_come_back(kind):
    for result in ROWS[kind]():
        assert type(result) is kind
        for part in parts(result):
            comes_back(part)


@pytest.mark.parametrize(
    "kind", [kind for kind in ROWS if issubclass(kind, Report)], ids=lambda kind: kind.__name__
)
def test_a_file_of_a_result_can_be_read_where_numbers_are_null(kind):
    for result in ROWS[kind]():
        written = clean(result.to_dict())
        again = from_json(result, to_text(written))
        assert str(again)
        rewritten = clean(again.to_dict())
        # Reading takes the sentence on what became null for a warning of the result.
        assert written | {"warnings": None} == rewritten | {"warnings": None}


@pytest.mark.parametrize("what", VERBS)
@pytest.mark.long
def test_what_a_verb_returns_comes_back_and_so_do_its_parts(what):
    for part in parts(VERBS[what]()):
        comes_back(part)


def test_a_batch_of_runs_has_no_file():
    run = rows_of_analysis.trajectories()[0]
    batch = dataclasses.replace(run, last_time=np.arange(3.0))
    with pytest.raises(thalweg.InputError, match=r"to_dict: expected one run, got a batch"):
        batch.to_dict()


def test_every_class_has_a_row():
    known = every_class()
    assert {thalweg.Equilibria, thalweg.Box, thalweg.Verdict} <= known
    missing = sorted(f"{kind.__module__}.{kind.__name__}" for kind in known - set(ROWS))
    assert not missing, (
        f"{', '.join(missing)}: a class with from_dict needs a row in ROWS of "
        f"tests/report/rows_of_analysis.py or rows_of_learning.py, which makes results of it"
    )
