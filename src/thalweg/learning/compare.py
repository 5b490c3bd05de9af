"""One gradient through rest by every strategy: bias, angle, time and memory."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.declared import declared_energy
from thalweg.core.errors import DivergenceError, InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.plain import number
from thalweg.core.randomness import host_generator
from thalweg.core.reports import TableReport, about_all, about_in
from thalweg.core.shapes import PyTree, State
from thalweg.core.tables import counted, format_number
from thalweg.core.trees import as_arrays, is_integer, replace
from thalweg.learning.gradients import (
    EquilibriumPropagation,
    Gradient,
    Implicit,
    OneStep,
    Truncated,
    Unrolled,
)
from thalweg.learning.relax import LossGradient, Relax

_TRUTH_TOL = 1e-13  # rest of the reference, in float64: what rounding leaves of a state of size 1
_TRUTH_STEPS = 50  # times the layer's own, to get there
_DIFFERENCE = 1e-4  # a central difference then errs by 1e-8 and rounds by 1e-13 / 1e-4


@dataclass(frozen=True, eq=False, repr=False)
class GradientRow(FieldsReport):
    """The gradient by one strategy, beside that of rest.

    Attributes:
        strategy: its name and settings.
        bias: `|g − g*| / |g*|`, with `g*` the gradient of rest.
        cosine: of the angle between g and `g*`.
        norm: `|g| / |g*|`.
        seconds: of processor time, the least of several calls, once compiled.
        memory: the bytes that the compiled program needs beside its inputs and outputs.
        unsettled: the share of the samples that did not come to rest.
        unsolved: the share of the samples whose own solve failed.
        about: the rule.
    """

    strategy: str
    bias: float
    cosine: float
    norm: float
    seconds: float
    memory: int
    unsettled: float
    unsolved: float
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The strategy and its bias."""
        return f"{self.strategy}: bias {self.bias:.1e}"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The one row."""
        return _HEADER, [_cells(self)]

    def remarks(self) -> list[str]:
        """Sentences on failures; none where there were none."""
        said = []
        if self.unsettled:
            said.append(f"{self.strategy}: {self.unsettled:.1%} of the samples did not settle.")
        if self.unsolved:
            said.append(
                f"{self.strategy}: the solve failed for {self.unsolved:.1%} of the samples."
            )
        return said


@dataclass(frozen=True, eq=False, repr=False)
class GradientComparison(TableReport):
    """A gradient through rest by several strategies, against that of rest itself.

    Attributes:
        rows: one a strategy.
        error: how far the reference is from finite differences of the loss at rest, along random
            directions of the parameters and the input, relative to the largest.
        samples: how many samples the loss is the mean of.
        about: the rule.
    """

    rows: tuple[GradientRow, ...]
    error: float
    samples: int
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The rule and the number of samples."""
        return f"Gradients through rest of {self.about.system}, {counted(self.samples, 'sample')}"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Strategy, bias, cosine, norm, time and memory."""
        return _HEADER, [_cells(row) for row in self.rows]

    def remarks(self) -> list[str]:
        """Sentences on the accuracy of the reference, and on failures."""
        truth = (
            f"Reference: the implicit gradient in float64, which is {self.error:.0e} from finite "
            f"differences."
        )
        return [truth, *(remark for row in self.rows for remark in row.remarks())]

    def data(self) -> dict[str, Any]:
        """The rows and the reference's error."""
        rows = [row.data() for row in self.rows]
        return {"rows": rows, "error": self.error, "samples": self.samples}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "GradientComparison":
        """The comparison that `to_dict` wrote."""
        about = about_in(data, about)
        rows = tuple(GradientRow.from_dict(row, about) for row in data["rows"])
        return cls(rows, number(data["error"]), int(data["samples"]), about)


_HEADER = ["strategy", "bias", "cosine", "norm", "CPU time", "memory"]


def compare_gradients(
    layer: Relax,
    loss_fn: Callable[..., Any],
    start: State,
    input: PyTree = None,
    *args: PyTree,
    strategies: tuple[Gradient, ...] | None = None,
    batched: bool = False,
    directions: int = 3,
    runs: int = 3,
    key: jax.Array | None = None,
) -> GradientComparison:
    """Compute the gradient of one loss by several strategies, and compare them with that of rest.

    The gradient is that of the layer's floating arrays and of the input. The reference is the
    implicit gradient of a run in float64, checked by finite differences of such runs; the others
    run as given, in the dtype of the start.

    Arguments:
        layer: the layer; its own strategy is not asked unless it is among `strategies`.
        loss_fn: `loss_fn(end, *args) → scalar`, of one sample.
        start: where the run begins.
        input: the input, if the energy takes one.
        args: whatever else the loss takes.
        strategies: unless given `Unrolled`, `Truncated(10)`, `OneStep`, `Implicit` and, for rules
            made of an energy, one-sided and centred `EquilibriumPropagation`.
        batched: whether `start`, `input` and `args` have a leading axis of samples; the loss is
            then their mean.
        directions: how many random directions to take differences along.
        runs: how many calls to time.
        key: the randomness of the directions; None means `jax.random.key(0)`.

    Raises:
        InputError: a count is no positive integer, a strategy does not fit the rule, or there is
            nothing to differentiate.
        DivergenceError: the reference is not finite: the run left the finite, or its rest is
            marginal.
    """
    for name, value in (("directions", directions), ("runs", runs)):
        if not is_integer(value) or value < 1:
            raise InputError(
                f"compare_gradients: {name} must be a positive integer, got {value!r}."
            )
    given = as_arrays((start, input, args))
    if not jax.tree.leaves(eqx.filter((layer, given[1]), eqx.is_inexact_array)):
        raise InputError(
            "compare_gradients: the layer has no floating arrays and there is no input: nothing to "
            "differentiate. Make the parameters arrays."
        )
    with jax.enable_x64(True):
        truth, error = _reference(layer, loss_fn, given, batched, directions, host_generator(key))
    chosen = _fitting(layer) if strategies is None else strategies
    rows = [_row(replace(layer, gradient=g), loss_fn, given, batched, runs, truth) for g in chosen]
    samples = np.shape(jax.tree.leaves(start)[0])[0] if batched else 1
    about = About(type(layer.rule).__name__, layer.rule.rule_kind)
    return GradientComparison(about_all(rows, about), error, samples, about)


def _fitting(layer: Relax) -> tuple[Gradient, ...]:
    """The strategies to compare unless others are asked for."""
    general = (Unrolled(), Truncated(min(10, layer.max_steps)), OneStep(), Implicit())
    if declared_energy(layer.rule) is None:
        return general
    return (*general, EquilibriumPropagation(points=1), EquilibriumPropagation())


def _row(
    layer: Relax, loss_fn: Any, given: Any, batched: bool, runs: int, truth: np.ndarray
) -> GradientRow:
    compiled = _mean.lower(layer, loss_fn, *given, batched).compile()  # type: ignore[attr-defined]
    needed = compiled.compiled.memory_analysis()
    clock, found = [], None
    for _ in range(runs):
        began = time.process_time()
        found = jax.block_until_ready(compiled(layer, loss_fn, *given, batched))
        clock.append(time.process_time() - began)
    assert found is not None
    vector = _vector(found)
    size, true_size = np.linalg.norm(vector), max(np.linalg.norm(truth), 1e-300)
    return GradientRow(
        strategy=described(layer.gradient),
        bias=float(np.linalg.norm(vector - truth) / true_size),
        cosine=float(vector @ truth / max(size * true_size, 1e-300)),
        norm=float(size / true_size),
        seconds=min(clock),
        memory=0 if needed is None else int(needed.temp_size_in_bytes),
        unsettled=found.end.share_unsettled,
        unsolved=float(np.mean(~np.asarray(found.solve.is_solved))),
    )


def described(gradient: Gradient) -> str:
    """A strategy as it is written, its settings that are not the default ones included."""
    shown = []
    for field in dataclasses.fields(gradient):  # type: ignore[arg-type]
        value = getattr(gradient, field.name)
        if value != field.default:
            shown.append(f"{field.name}={value}")
    return f"{type(gradient).__name__}({', '.join(shown)})"


@eqx.filter_jit
def _mean(
    layer: Relax, loss_fn: Any, start: Any, input: Any, args: Any, batched: bool
) -> LossGradient:
    return layer.value_and_grad(loss_fn, start, input, *args, batched=batched)


def _vector(found: LossGradient) -> np.ndarray:
    """The derivatives in the layer's arrays and in the input, as one float64 vector."""
    leaves = jax.tree.leaves((found.layer, found.input))
    return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in leaves])


def _reference(
    layer: Relax, loss_fn: Any, given: Any, batched: bool, directions: int, rng: Any
) -> tuple[np.ndarray, float]:
    """The gradient of rest, and how far finite differences are from it."""
    layer, (start, input, args) = _wide((layer, given))
    layer = replace(
        layer,
        gradient=Implicit(rtol=_TRUTH_TOL),
        tol=_TRUTH_TOL,
        max_steps=_TRUTH_STEPS * layer.max_steps,
    )
    found = _mean(layer, loss_fn, start, input, args, batched)
    truth = _vector(found)
    if not np.all(np.isfinite(truth)):
        raise DivergenceError(
            f"compare_gradients: the gradient of rest is not finite ({found.end}). Take a smaller "
            f"step, an energy that is bounded below, or a start whose rest is not marginal."
        )
    moving, fixed = eqx.partition((layer, input), eqx.is_inexact_array)
    misses, sizes = [0.0], [np.max(np.abs(truth), initial=1e-300)]
    for _ in range(directions):
        move = jax.tree.map(lambda a: rng.standard_normal(np.shape(a)), moving)
        scale = np.sqrt(sum(np.sum(leaf**2) for leaf in jax.tree.leaves(move)))
        values = []
        for step in (_DIFFERENCE, -_DIFFERENCE):
            moved = jax.tree.map(lambda a, d: a + step / scale * d, moving, move)  # noqa: B023
            layer_, input_ = eqx.combine(moved, fixed)
            values.append(float(_mean(layer_, loss_fn, start, input_, args, batched).value))
        derivative = (values[0] - values[1]) / (2.0 * _DIFFERENCE)
        along = np.concatenate([leaf.ravel() for leaf in jax.tree.leaves(move)]) / scale
        misses.append(abs(derivative - along @ truth))
        sizes.append(abs(derivative))
    return truth, float(max(misses) / max(sizes))


def _wide(tree: Any) -> Any:
    """The same with its floating arrays in float64; numbers stay numbers."""
    return jax.tree.map(lambda a: np.asarray(a, np.float64) if eqx.is_inexact_array(a) else a, tree)


def _cells(row: GradientRow) -> list[str]:
    """The texts of a row."""
    return [
        row.strategy,
        f"{row.bias:.1e}",
        f"{row.cosine:.4f}",
        f"{row.norm:.4g}",
        f"{format_number(1e3 * row.seconds, 3)} ms",
        f"{format_number(row.memory / 1e6, 3)} MB",
    ]
