"""The gradient of a loss at the end of a run, three ways, and what each costs.

With z' = f(t, z, θ) and L = L(z(t₁)), the adjoint a(t) = ∂L/∂z(t) obeys

    a' = −a ∂f/∂z,    dL/dθ = ∫ a ∂f/∂θ dt,    dL/dt₁ = a(t₁) f(t₁, z₁),
    dL/dt₀ = −a(t₀) f(t₀, z₀)

(*Continuum of Hopfield*, section 1). In layers, z_{i+1} = z_i + ε f(t_i, z_i, θ), it is

    a_i = a_{i+1} + ε a_{i+1} ∂f(z_i)/∂z,    dL/dθ = Σ_i ε a_{i+1} ∂f(z_i)/∂θ

(section 1.2 with its index mended: what θ does to z_{i+1} it does through f(z_i)).
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.checks import check_count, check_finite, check_positive
from thalweg.core.errors import DivergenceError, InputError
from thalweg.core.fields import from_fields, to_fields
from thalweg.core.randomness import host_generator
from thalweg.core.reports import NotKept, Table, TableReport, about_in
from thalweg.core.shapes import State
from thalweg.core.trees import as_arrays, dot, has_tracer, in_float64
from thalweg.dynamics import Flow
from thalweg.learning.continuous import MAX_STEPS, continuous, velocity
from thalweg.simulation.controller import Guarded
from thalweg.simulation.tangents import with_tangent

AdjointMethod = Literal["continuous", "checkpointed", "layered"]
# Of the differences: rounding errors of 1e-13 in a loss are 1e-8 over the shortest.
_STEPS = (1e-2, 1e-3, 1e-4, 1e-5)
METHODS: tuple[AdjointMethod, ...] = ("continuous", "checkpointed", "layered")


class RunGradient(eqx.Module):
    """The gradient of a loss at the end of a run.

    Attributes:
        loss: L(z(t₁)).
        start: ∂L/∂z(t₀), like the start.
        flow: ∂L/∂θ, a flow whose arrays are derivatives and whose other leaves are None.
        times: (dL/dt₀, dL/dt₁).
    """

    loss: Any
    start: Any
    flow: Any
    times: tuple[Any, Any]


def run_gradient(
    flow: Flow,
    loss_fn: Callable[[Any], Any],
    start: State,
    times: tuple[float, float],
    method: AdjointMethod = "checkpointed",
    *,
    layers: int = 100,
    rtol: float = 1e-8,
    atol: float = 1e-10,
) -> RunGradient:
    r"""The gradient of L(z(t₁)) with respect to start, parameters and both times.

    Arguments:
        flow: f, with its parameters θ: all its floating leaves.
        loss_fn: L, `state → scalar`.
        start: z(t₀), an array or a pytree.
        times: (t₀, t₁).
        method: `"continuous"` solves for a and dL/dθ backwards in time, along states computed
            again from some that were kept: its errors are its own. `"checkpointed"` differentiates
            the steps that were taken, from checkpoints. `"layered"` is the recursion above over
            Euler steps of one length: the exact gradient of that many layers.
        layers: how many, for `"layered"`.
        rtol: of the adaptive solves, also of a tangent: at rest, where the state alone would let
            steps grow past the stability of the solver, its error bounds them.
        atol: of the adaptive solves.

    Raises:
        InputError: the method is unknown, or `layers` is not positive.
        DivergenceError: the loss is not finite, or the solver gave up.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> from thalweg.learning import run_gradient
        >>> class Decay(tw.Flow):
        ...     rate: float = 0.7
        ...     def velocity(self, t, state):
        ...         return -self.rate * state
        >>> found = run_gradient(Decay(), lambda z: z, jnp.array(1.3), (0.0, 2.0), "layered")
        >>> round(float(found.start), 3)
        0.244
    """
    if method not in METHODS:
        raise InputError(f"method must be one of {', '.join(map(repr, METHODS))}, got {method!r}.")
    start = _checked("run_gradient", flow, start, times, layers, rtol, atol)
    numbers = as_arrays((float(times[0]), float(times[1]), float(rtol), float(atol)))
    try:
        found = _gradient(loss_fn, method, int(layers), as_arrays(flow), start, numbers)
    except TypeError:
        _check_loss("run_gradient", loss_fn, start)  # says so, where that is the reason
        raise
    if not has_tracer(found) and not np.isfinite(found.loss):
        raise DivergenceError(_lost("run_gradient", method, found.loss, times[1]))
    if not has_tracer(found) and not _is_finite((found.start, found.flow)):
        raise DivergenceError(
            f"run_gradient ({method}): the loss at t = {times[1]:g} is {found.loss:.6g}, and its "
            f"gradient is not finite. Look for a norm or a root at 0 in the loss or the velocity, "
            f"and for jnp.where over a branch that is not finite."
        )
    return found


def _checked(
    name: str, flow: Any, start: Any, times: Any, layers: Any, rtol: Any, atol: Any
) -> Any:
    """The start, integers as floats, once everything makes sense."""
    if not isinstance(flow, Flow):
        raise InputError(
            f"{name}: flow must be a Flow, got {type(flow).__name__}. Through the steps of a map, "
            f"jax.grad goes as through any function, and Relax runs one to rest."
        )
    if len(times) != 2:
        raise InputError(f"{name}: times must be (t0, t1), got {times!r}.")
    if has_tracer(times):
        raise InputError(
            f"{name}: times must be numbers, not traced. The result has the derivatives with "
            f"respect to both of them; call it outside of jit, vmap and grad."
        )
    check_finite(f"{name}: times", times)
    check_count("layers", layers)
    check_positive(f"{name}: rtol", rtol)
    check_positive(f"{name}: atol", atol)
    start = jax.tree.map(_as_float, as_arrays(start))
    if not has_tracer(start) and not _is_finite(start):
        raise InputError(f"{name}: start must be finite, got {start!r}.")
    return start


def _check_loss(name: str, loss_fn: Callable[[Any], Any], start: Any) -> None:
    """Refuse a loss that is not one number."""
    shapes = [leaf.shape for leaf in jax.tree.leaves(eqx.filter_eval_shape(loss_fn, start))]
    if shapes != [()]:
        raise InputError(f"{name}: loss_fn must return one number, got the shapes {shapes}.")


def _as_float(leaf: Any) -> Any:
    """An array of integers as floats; any other as it is."""
    return leaf if jnp.issubdtype(leaf.dtype, jnp.inexact) else leaf.astype(float)


def _is_finite(tree: Any) -> bool:
    return all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(tree))


@dataclass(frozen=True, eq=False, repr=False)
class AdjointComparison(TableReport):
    """One gradient by several methods: the error, the time and the memory of each.

    Attributes:
        methods: their names.
        errors: against finite differences along random directions in the space of start and
            parameters, relative to the largest, one a method.
        seconds: the median time of a call, once compiled.
        memory: the bytes that the compiled program needs beside its inputs and outputs.
        gradients: what each returned; JSON does not keep it.
        about: the flow.
    """

    methods: tuple[str, ...]
    errors: tuple[float, ...]
    seconds: tuple[float, ...]
    memory: tuple[int, ...]
    gradients: Any = field(compare=False)
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The flow."""
        return f"Gradients of a run of {self.about.system}"

    def table(self) -> Table:
        """One row a method."""
        rows = zip(self.methods, self.errors, self.seconds, self.memory, strict=True)
        return ["method", "error", "time", "memory"], [
            [name, f"{error:.1e}", f"{1e3 * seconds:.3g} ms", f"{memory / 1e3:.4g} kB"]
            for name, error, seconds, memory in rows
        ]

    def remarks(self) -> list[str]:
        """Nothing: the table says it all."""
        return []

    def data(self) -> dict[str, Any]:
        """The columns of the table."""
        return to_fields(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "AdjointComparison":
        """The comparison that `to_dict` wrote, without the gradients."""
        return from_fields(cls, data, gradients=NotKept("gradients"), about=about_in(data, about))


def compare_adjoints(
    flow: Flow,
    loss_fn: Callable[[Any], Any],
    start: State,
    times: tuple[float, float],
    *,
    layers: int = 100,
    rtol: float = 1e-8,
    atol: float = 1e-10,
    directions: int = 4,
    runs: int = 5,
    key: jax.Array | None = None,
) -> AdjointComparison:
    """Compute one gradient by all three methods, in float64, and compare error, time and memory.

    The finite differences are of adaptive runs at a tolerance far below those compared, so the
    error of `"layered"` is mostly that its layers are no flow: it falls as one over their number.

    Arguments:
        flow: as for `run_gradient`, like all that is not explained here.
        loss_fn: L.
        start: z(t₀).
        times: (t₀, t₁).
        layers: how many.
        rtol: of the adaptive solves.
        atol: of the adaptive solves.
        directions: how many random directions to take differences along.
        runs: how many calls to time.
        key: the randomness of the directions; None means `jax.random.key(0)`.

    Raises:
        DivergenceError: a loss is not finite, or a solver gave up.
    """
    rng = host_generator(key)
    check_count("compare_adjoints: directions", directions)
    check_count("compare_adjoints: runs", runs)
    with jax.enable_x64(True):
        start = _checked("compare_adjoints", flow, start, times, layers, rtol, atol)
        flow, start = in_float64((flow, start))
        numbers = tuple(np.float64(v) for v in (*times, rtol, atol))
        moves = [_direction(rng, flow, start) for _ in range(directions)]
        differences = [_difference(loss_fn, flow, start, times, move, rtol, atol) for move in moves]
        if not np.all(np.isfinite(differences)):
            raise DivergenceError(_lost("compare_adjoints", "differences", np.nan, times[1]))
        rows = []
        for method in METHODS:
            given = (loss_fn, method, layers, flow, start, numbers)
            compiled = _gradient.lower(*given).compile()  # type: ignore[attr-defined]
            needed = compiled.compiled.memory_analysis()
            clock, found = [], None
            for _ in range(runs):
                began = time.perf_counter()
                found = jax.block_until_ready(compiled(*given))
                clock.append(time.perf_counter() - began)
            assert found is not None
            if not np.isfinite(found.loss):
                raise DivergenceError(_lost("compare_adjoints", method, found.loss, times[1]))
            pairs = zip(moves, differences, strict=True)
            gaps = [abs(_along(found, move) - wanted) for move, wanted in pairs]
            error = max(gaps) / max(np.max(np.abs(differences)), 1e-300)
            memory = 0 if needed is None else int(needed.temp_size_in_bytes)
            rows.append((method, float(error), statistics.median(clock), memory, found))
    columns = (tuple(column) for column in zip(*rows, strict=True))
    return AdjointComparison(*columns, about=About(type(flow).__name__, "flow"))


@eqx.filter_jit
def _gradient(
    loss_fn: Any, method: str, layers: int, flow: Any, start: Any, numbers: Any
) -> RunGradient:
    t0, t1, rtol, atol = numbers
    if method == "layered":
        return _layered(loss_fn, flow, start, t0, t1, layers)
    if method == "continuous":
        value, end, to_start, to_flow = continuous(loss_fn, flow, start, t0, t1, rtol, atol)
    else:

        def loss(moving: Any) -> Any:
            flow, start = moving
            end = _solve(flow, start, t0, t1, rtol, atol)
            return loss_fn(end), end

        differentiated = eqx.filter_value_and_grad(loss, has_aux=True)
        (value, end), (to_flow, to_start) = differentiated((flow, start))
    at_end = jax.grad(loss_fn)(end)
    times = -dot(to_start, flow.velocity(t0, start)), dot(at_end, flow.velocity(t1, end))
    return RunGradient(value, to_start, to_flow, times)


def _solve(flow: Any, start: Any, t0: Any, t1: Any, rtol: Any, atol: Any) -> Any:
    """z(t₁), by steps that are fit for derivatives with respect to the start and all parameters."""
    moving = eqx.filter(flow, eqx.is_inexact_array)
    solver, controller = with_tangent(diffrax.Tsit5(), Guarded(rtol, atol), moving)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(velocity),
        solver,
        t0,
        t1,
        None,
        start,
        args=flow,
        saveat=diffrax.SaveAt(t1=True),
        stepsize_controller=controller,
        max_steps=MAX_STEPS,
        throw=False,
    )
    # A solve that gave up has no end; NaN is what the host looks for.
    arrived = solution.result == diffrax.RESULTS.successful
    return jax.tree.map(lambda leaf: jnp.where(arrived, leaf[0], jnp.nan), solution.ys)


def _layered(loss_fn: Any, flow: Any, start: Any, t0: Any, t1: Any, layers: int) -> RunGradient:
    """The recursion over layers, by the vector–Jacobian products of each."""
    moving, fixed = eqx.partition(flow, eqx.is_inexact_array)

    def layer(z: Any, moving: Any, t0: Any, t1: Any, i: Any) -> Any:
        epsilon = (t1 - t0) / layers
        rate = eqx.combine(moving, fixed).velocity(t0 + i * epsilon, z)
        return jax.tree.map(lambda x, v: x + epsilon * v, z, rate)

    def forward(z: Any, i: Any) -> tuple[Any, Any]:
        return layer(z, moving, t0, t1, i), z

    indices = jnp.arange(layers)
    end, states = jax.lax.scan(forward, start, indices)

    def backward(carry: Any, inputs: Any) -> tuple[Any, None]:
        a, *totals = carry
        z, i = inputs
        _, pull = jax.vjp(lambda x, m, a, b: layer(x, m, a, b, i), z, moving, t0, t1)
        a, *more = pull(a)
        return (a, *jax.tree.map(jnp.add, totals, more)), None

    value, a = jax.value_and_grad(loss_fn)(end)
    zeros = jax.tree.map(jnp.zeros_like, (moving, t0, t1))
    (a, to_flow, to_t0, to_t1), _ = jax.lax.scan(
        backward, (a, *zeros), (states, indices), reverse=True
    )
    return RunGradient(value, a, to_flow, (to_t0, to_t1))


def _direction(rng: np.random.Generator, flow: Any, start: Any) -> Any:
    """A random move of all floating leaves."""
    moving = eqx.filter((flow, start), eqx.is_inexact_array)
    return jax.tree.map(lambda leaf: rng.standard_normal(np.shape(leaf)), moving)


def _along(found: RunGradient, move: Any) -> float:
    return float(dot(eqx.filter((found.flow, found.start), eqx.is_inexact_array), move))


def _difference(
    loss_fn: Any, flow: Any, start: Any, times: Any, move: Any, rtol: float, atol: float
) -> float:
    """A central difference of fourth order of the loss along a move.

    Over long times a loss bends so much that only short steps will do, over short times rounding
    asks for long ones: the one taken is that which agrees best with the next.
    """
    numbers = tuple(
        np.float64(v) for v in (*times, max(1e-3 * rtol, 1e-12), max(1e-3 * atol, 1e-13))
    )

    def value(h: float) -> float:
        moved = eqx.apply_updates((flow, start), jax.tree.map(lambda d: h * d, move))
        return float(_loss(loss_fn, moved, numbers))

    def slope(h: float) -> float:
        return (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h)

    found = np.array([slope(h) for h in _STEPS])
    return float(found[np.argmin(np.abs(np.diff(found)))])


@eqx.filter_jit
def _loss(loss_fn: Any, moved: Any, numbers: Any) -> Any:
    (flow, start), (t0, t1, rtol, atol) = moved, numbers
    return loss_fn(_solve(flow, start, t0, t1, rtol, atol))


def _lost(name: str, method: str, loss: Any, end: float) -> str:
    return (
        f"{name} ({method}): the loss at t = {end:g} is {loss}: the state left the finite, or the "
        f"solver gave up after {MAX_STEPS} steps (kinks, as of rectified units, ask for many; so "
        f"do stiff flows). Loosen rtol and atol, take jax.grad through "
        f"simulate(…, method=Stiff()), or look at the run with simulate."
    )
