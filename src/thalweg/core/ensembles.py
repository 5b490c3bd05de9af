"""Ensembles: one lane is written, and the runner decides how to run many.

On two cores, 4,096 adaptive solves took 21 µs a lane in one thread whether as chunks of a Python
loop or inside one `lax.map`, and 11 µs with a thread a core: XLA keeps to one core within such a
program. So on the host the chunks go to threads; inside somebody's `jit` they go to `lax.map`.
"""

import contextlib
import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.sharding import AxisType, Mesh, PartitionSpec

from thalweg.core.checks import check_count
from thalweg.core.errors import InputError
from thalweg.core.progress import Progress
from thalweg.core.shapes import PyTree
from thalweg.core.trees import has_tracer

# Lanes that advance together: enough for vector instructions, few enough for the cache.
_SMALLEST_CHUNK, _LARGEST_CHUNK = 64, 1024

_in_lane: ContextVar[bool] = ContextVar("in_lane", default=False)


def ensemble(
    fn: Callable[[Any], Any], batch: PyTree, *, chunk: int | None = None, mesh: Mesh | None = None
) -> Any:
    """Apply `fn` to every lane of `batch`, and stack what it returns.

    `result[i] = fn(batch[i])`, up to rounding whatever the chunk, the devices and the order of the
    lanes; bitwise the same for the same layout. A lane that fails says so by its result code: none
    raises for the others (`simulate` inside a lane behaves as with `throw=False`).

    Arguments:
        fn: one lane: a pytree in, a pytree of arrays out, in JAX. Parameters that change from call
            to call belong into the batch or into `fn` as a module (`equinox.Partial`, a rule's
            method): a fresh lambda compiles again.
        batch: a pytree of arrays whose first axis, of the same length for all, counts the lanes.
            For random lanes put `lane_keys(key, count)` in it.
        chunk: how many lanes go through one vectorised program at a time. Vectorised loops run
            until the slowest lane is done, and small chunks stay in the cache of the processor: by
            default 64 to 1,024 on a CPU, all lanes at once on an accelerator.
        mesh: devices to spread the lanes over, all axes of it (see `jax.make_mesh`). Each device
            works through its own lanes and waits for no other.

    Returns:
        What `fn` returns with a first axis of lanes: NumPy arrays, or traced ones when called
        inside `jit`, `vmap` or `grad`, with which it composes.

    Without a mesh the lanes run in chunks, on a CPU in one thread a core, with progress reported
    when it takes longer than two seconds.

    Raises:
        InputError: `batch` has no arrays, or they differ in their first axis; `chunk` is not
            positive.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> tw.ensemble(lambda x: jnp.sum(x**2), jnp.ones((1000, 3)))[:2].tolist()
        [3.0, 3.0]
    """
    count = _count_lanes(batch)
    if chunk is not None:
        check_count("ensemble: chunk", chunk)
    if mesh is not None:
        size = min(chunk or _LARGEST_CHUNK, math.ceil(count / mesh.size))
        return _to_host(_sharded(fn, batch, count, size, mesh))
    workers = _count_workers()
    size = min(chunk or _default_chunk(count, workers), count)
    if has_tracer(fn, batch):
        return _mapped(fn, batch, count, size)
    return _in_chunks(fn, batch, count, size, workers)


def lane_keys(key: jax.Array, count: int) -> jax.Array:
    """One independent key a lane, `fold_in(key, lane)`, whatever the number of lanes.

    Arguments:
        key: a `jax.random` key.
        count: how many lanes.

    Returns:
        Keys of shape `(count,)`.
    """
    return _folded(key, np.arange(count, dtype=np.uint32))


@jax.jit
def _folded(key: jax.Array, lanes: Any) -> jax.Array:
    # Compiled, for traced anew it costs milliseconds a call.
    return jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, lanes)


def in_lane() -> bool:
    """True if a lane of an ensemble is being traced: a verb called there must not raise."""
    return _in_lane.get()


class _Lane(eqx.Module):
    """`fn`, marked as a lane while it is traced."""

    fn: Callable[[Any], Any]

    def __call__(self, lane: Any) -> Any:
        token = _in_lane.set(True)
        try:
            return self.fn(lane)
        finally:
            _in_lane.reset(token)


def _count_lanes(batch: Any) -> int:
    leaves = jax.tree.leaves(batch)
    lengths = {np.shape(leaf)[0] if np.ndim(leaf) else None for leaf in leaves}
    if len(lengths) != 1 or None in lengths or 0 in lengths:
        shapes = [np.shape(leaf) for leaf in leaves]
        raise InputError(
            f"ensemble: batch must be a pytree of arrays with a common, non-empty first axis of "
            f"lanes, got the shapes {shapes}. Give what all lanes share to fn."
        )
    (length,) = lengths
    return int(length)  # type: ignore[arg-type]


def _count_workers() -> int:
    """A thread a core on a CPU; one on an accelerator, which runs one program at a time."""
    if jax.default_backend() != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _default_chunk(count: int, workers: int) -> int:
    if jax.default_backend() != "cpu":
        return count
    # A power of two, so that ensembles of similar size share one compiled program.
    fair = 2 ** math.ceil(math.log2(count / workers))
    return max(_SMALLEST_CHUNK, min(fair, _LARGEST_CHUNK))


@eqx.filter_jit
def _vectorised(fn: Callable[[Any], Any], lanes: Any) -> Any:
    return eqx.filter_vmap(_Lane(fn))(lanes)


def _in_chunks(fn: Callable[[Any], Any], batch: Any, count: int, size: int, workers: int) -> Any:
    """Chunks on the host. The last one reaches back, so that all have one shape: one program."""
    batch = _to_host(batch)
    settings = _settings()

    def run(start: int) -> Any:
        first = min(start, count - size)
        with settings():
            lanes = jax.tree.map(lambda leaf: leaf[first : first + size], batch)
            result = _to_host(_vectorised(fn, lanes))
        return jax.tree.map(lambda leaf: leaf[start - first :], result)

    starts = range(0, count, size)
    # The first chunk runs alone: it compiles for all of them.
    parts = [run(0)]
    if has_tracer(parts):
        # fn closes over something that is being traced; threads cannot share that.
        return _mapped(fn, batch, count, size)
    pool = ThreadPoolExecutor(workers)
    with Progress("ensemble", count, unit="lane", done=size) as progress:
        try:
            for part in pool.map(run, starts[1:]):
                parts.append(part)
                progress.update(min(len(parts) * size, count))
        finally:
            pool.shutdown(cancel_futures=True)
    return parts[0] if len(parts) == 1 else jax.tree.map(_joined, *parts)


def _mapped(fn: Callable[[Any], Any], batch: Any, count: int, size: int) -> Any:
    """Chunks inside a traced program; lanes repeated at the end fill the last one."""
    if size == count:
        return jax.vmap(_Lane(fn))(batch)
    rows = math.ceil(count / size)
    filled = np.minimum(np.arange(rows * size), count - 1)
    chunks = jax.tree.map(lambda x: x[filled].reshape(rows, size, *x.shape[1:]), batch)
    result = jax.lax.map(jax.vmap(_Lane(fn)), chunks)
    return jax.tree.map(lambda x: x.reshape(rows * size, *x.shape[2:])[:count], result)


@eqx.filter_jit
def _sharded(fn: Callable[[Any], Any], batch: Any, count: int, size: int, mesh: Mesh) -> Any:
    """Each device maps over its own lanes; lanes repeated at the end even out their number."""
    here = math.ceil(count / mesh.size)
    filled = np.minimum(np.arange(here * mesh.size), count - 1)
    flat = Mesh(mesh.devices.ravel(), ("lanes",), axis_types=(AxisType.Auto,))
    # Not `jit` with sharded arguments: the loops of all devices would wait for each other there.
    spread = jax.shard_map(
        lambda lanes: _mapped(fn, lanes, here, size),
        mesh=flat,
        in_specs=PartitionSpec("lanes"),
        out_specs=PartitionSpec("lanes"),
        check_vma=False,
    )
    result = spread(jax.tree.map(lambda x: jnp.asarray(x)[filled], batch))
    return jax.tree.map(lambda x: x[:count], result)


def _settings() -> Callable[[], contextlib.AbstractContextManager[Any]]:
    """The caller's precision and device, to be entered in a thread: contexts stay in their own."""
    is_x64 = jax.dtypes.canonicalize_dtype(np.float64) == np.float64
    device = jax.config.jax_default_device  # pyright: ignore[reportAttributeAccessIssue]

    @contextlib.contextmanager
    def entered() -> Iterator[None]:
        with jax.enable_x64(is_x64), jax.default_device(device):
            yield

    return entered


def _to_host(tree: Any) -> Any:
    """Arrays as NumPy arrays; keys, and what is traced or lies on another machine, stay."""
    return jax.tree.map(lambda x: x if _stays(x) else np.asarray(x), tree)


def _stays(leaf: Any) -> bool:
    if isinstance(leaf, Tracer):
        return True
    is_key = eqx.is_array(leaf) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return is_key or (isinstance(leaf, jax.Array) and not leaf.is_fully_addressable)


def _joined(*parts: Any) -> Any:
    return (jnp if _stays(parts[0]) else np).concatenate(parts)
