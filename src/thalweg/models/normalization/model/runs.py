"""Run a form of the rule and keep its outputs; say where a denominator reached zero."""

from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.codes import Result
from thalweg.core.errors import DivergenceError, InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import Table
from thalweg.core.tables import capitalized, counted, format_state
from thalweg.core.trees import as_arrays, is_integer
from thalweg.models.normalization.model.delayed import BLOCK, run_delayed
from thalweg.models.normalization.model.held import outputs
from thalweg.models.normalization.model.rules import Reweighting
from thalweg.models.normalization.model.weights import FullReweighting


@dataclass(frozen=True)
class Crossing:
    """A denominator σ² + u of a driven neuron that is not positive, or a state that is not finite.

    Attributes:
        step: the step t whose outputs do not exist.
        neuron: the neuron with the smallest denominator (of stimulus `stimulus`, when averaged).
        value: that denominator.
    """

    step: int
    neuron: int
    value: float
    stimulus: int = 0

    def __str__(self) -> str:
        """One sentence."""
        what = "is not finite" if np.isnan(self.value) else f"reached {self.value:.3g}"
        return f"the denominator sigma² + u of neuron {self.neuron} {what} at step {self.step}"


@dataclass(frozen=True, eq=False, repr=False)
class Adaptation(FieldsReport):
    """A run of the rule.

    Attributes:
        times: the steps at which outputs were kept, shape `(T,)`.
        outputs: R at these steps, before their update, shape `(T, …, n)`; NaN from a crossing on.
        state: the state after the last step (W, V or u), or at the crossing.
        result: how the run ended.
        crossing: where it broke, or None.
        about: the rule.
    """

    times: np.ndarray
    outputs: np.ndarray
    state: np.ndarray
    result: Result
    crossing: Crossing | None
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The rule, and how many outputs were kept."""
        return f"Run of {self.about.system or 'a rule'}: {counted(len(self.times), 'output')} kept"

    def table(self) -> Table:
        """The first and the last outputs kept."""
        ends = sorted({0, len(self.times) - 1})
        return ["step", "outputs"], [
            [str(int(self.times[i])), format_state(self.outputs[i])] for i in ends
        ]

    def remarks(self) -> list[str]:
        """A sentence on the end of the run."""
        if self.crossing is None:
            return [Result[self.result]]
        told = str(self.crossing)
        return [f"{capitalized(told)}."]


def adapt(
    rule: Reweighting,
    start: Any = None,
    *,
    steps: int,
    save_every: int = 1,
    throw: bool = True,
) -> Adaptation:
    """Run a form of the rule for `steps` steps.

    A rule on all of W without rectifier is run with delayed updates: the inputs of a block of steps
    are pooled at once, and W is updated once a block, exactly (to rounding).

    Arguments:
        rule: from `full_rule`, `factored_rule`, `averaged_rule` or `reduced_map`.
        start: the first state; its dtype is that of the run. None: what W₀ stands for, in float64.
        steps: how many steps.
        save_every: keep the outputs of every so many steps.
        throw: raise when a denominator reaches zero; otherwise say so in the result.

    Raises:
        InputError: `steps` or `save_every` is not a positive whole number; `start` does not fit.
        DivergenceError: a denominator reached zero, or the state left the finite.
    """
    for name, value in (("steps", steps), ("save_every", save_every)):
        if not is_integer(value) or value < 1:
            raise InputError(f"adapt: {name} must be a whole number of at least 1, got {value!r}.")
    first = rule.start()
    state = np.asarray(first if start is None else start)
    if state.shape != first.shape:
        raise InputError(f"adapt: start must have the shape {first.shape}, got {state.shape}.")
    state = state if state.dtype.kind == "f" else state.astype(np.float64)
    saves = -(-int(steps) // int(save_every))
    with jax.enable_x64(state.dtype == np.float64):
        if isinstance(rule, FullReweighting) and not rule.rectify and save_every == 1:
            blocks = -(-int(steps) // BLOCK)
            end, drives, denominators = run_delayed(as_arrays(rule), state, steps, blocks)
            reached = np.arange(saves)
            drives, denominators = (np.asarray(a)[:saves] for a in (drives, denominators))
        else:
            made = _run(as_arrays(rule), state, int(steps), int(save_every), saves)
            end, reached, drives, denominators = (np.asarray(a) for a in made)
    found = _report(
        np.arange(saves) * save_every, np.asarray(end), reached, drives, denominators, throw
    )
    return replace(found, about=About(type(rule).__name__, "map"))


@eqx.filter_jit
def _run(rule: Reweighting, state: Any, steps: Any, save_every: Any, saves: int) -> Any:
    """Outputs of every `save_every`-th step; everything stops at the first bad denominator."""

    def advance(carry: Any) -> Any:
        t, state, drive, denominator = carry
        state = rule.update(t, state, drive, outputs(drive, denominator))
        return t + 1, state, *rule.look(t + 1, state)

    def save(carry: Any, _: Any) -> tuple[Any, Any]:
        end = jnp.minimum(carry[0] + save_every, steps)

        def goes_on(carry: Any) -> Any:
            return (carry[0] < end) & jnp.all((carry[3] > 0.0) | (carry[2] <= 0.0))

        return jax.lax.while_loop(goes_on, advance, carry), (carry[0], carry[2], carry[3])

    t = jnp.zeros((), dtype=jnp.int32)
    carry, kept = jax.lax.scan(save, (t, state, *rule.look(t, state)), length=saves)
    last = jax.tree.map(lambda a: a[None], (carry[0], carry[2], carry[3]))
    return carry[1], *jax.tree.map(lambda a, b: jnp.concatenate([a, b]), kept, last)


def _report(
    times: np.ndarray,
    state: np.ndarray,
    reached: np.ndarray,
    drives: np.ndarray,
    denominators: np.ndarray,
    throw: bool,
) -> Adaptation:
    good = (denominators > 0.0) | (drives <= 0.0)
    broken = np.flatnonzero(~good.reshape(len(good), -1).all(axis=1))
    first = int(broken[0]) if broken.size else None
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(drives > 0.0, drives / denominators, 0.0)[: len(times)]
    crossing = None
    if first is not None:
        kept[first:] = np.nan
        driven = np.where(drives[first] > 0.0, denominators[first], np.inf)
        where = np.unravel_index(int(np.argmin(driven)), driven.shape)
        stimulus = int(where[0]) if len(where) == 2 else 0
        crossing = Crossing(int(reached[first]), int(where[-1]), float(driven[where]), stimulus)
    elif not np.all(np.isfinite(state)):
        crossing = Crossing(int(reached[-1]), int(np.argwhere(~np.isfinite(state))[0][0]), np.nan)
    if crossing is not None and throw:
        raise DivergenceError(
            f"adapt: {crossing}; the model is undefined from there on. Take a smaller alpha, a "
            f"larger sigma, or a start nearer to the target (throw=False returns what came before)."
        )
    result = Result.diverged if crossing is not None else Result.successful
    return Adaptation(times, kept, state, result, crossing)


def weights_after(rule: FullReweighting, adaptation: Adaptation, start: Any = None) -> np.ndarray:
    """W after the kept steps, from the outputs alone: the way back from any reduced form.

    W_T = g_T W_0 − c_T C + Σ_t κ_t R_t R_tᵀ, from W⁺ = (1 + β) W + α R Rᵀ − (α + β) C.

    Arguments:
        rule: the rule on all of W of the same network and presentation.
        adaptation: a run of any form that kept the outputs of every step.
        start: the weights at its first step; W₀ unless given.

    Raises:
        InputError: the run skipped steps or broke, or the rule rectifies W.
    """
    steps = len(adaptation.times)
    if rule.rectify or adaptation.crossing is not None:
        raise InputError(
            "weights_after: needs a rule without rectifier and a run without crossing."
        )
    if not np.array_equal(adaptation.times, np.arange(steps)):
        raise InputError("weights_after: needs the outputs of every step; run with save_every=1.")
    alphas = np.array(
        [rule.alpha(t) for t in range(steps)]
        if callable(rule.alpha)
        else np.full(steps, rule.alpha),
        dtype=np.float64,
    )
    growth = 1.0 + float(rule.beta)
    powers = growth ** np.arange(steps - 1, -1, -1)
    weighted = (alphas * powers)[:, None] * adaptation.outputs
    pull = float(powers @ (alphas + float(rule.beta)))
    first = rule.start() if start is None else np.asarray(start)
    return growth**steps * first + weighted.T @ adaptation.outputs - pull * rule.target
