"""The ensemble runner: one contract, however the lanes are run."""

import os
import socket
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from thalweg.core import ensembles
from thalweg.core.ensembles import ensemble, in_lane, lane_keys
from thalweg.core.errors import InputError

COUNT = 50


def decay(lane):
    """A loop whose length differs from lane to lane, and a random number."""
    halved = jax.lax.while_loop(lambda x: x > 1e-3, lambda x: 0.5 * x, lane["x"])
    return {"halved": halved, "draw": jax.random.normal(lane["key"], (2,))}


@pytest.fixture(scope="module")
def batch():
    x = np.random.default_rng(0).uniform(0.0, 10.0, COUNT).astype(np.float32)
    return {"x": x, "key": lane_keys(jax.random.key(3), COUNT)}


@pytest.fixture(scope="module")
def expected(batch):
    """Lane by lane, with no runner at all."""
    alone = jax.jit(decay)
    rows = [alone({"x": x, "key": key}) for x, key in zip(batch["x"], batch["key"], strict=True)]
    return {name: np.stack([row[name] for row in rows]) for name in ("halved", "draw")}


def same(result, expected):
    for name, value in expected.items():
        np.testing.assert_allclose(result[name], value, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("chunk", [None, 16, 10 * COUNT])
def test_the_chunk_does_not_matter(batch, expected, chunk):
    result = ensemble(decay, batch, chunk=chunk)
    assert all(isinstance(value, np.ndarray) for value in result.values())
    same(result, expected)


def test_the_order_of_the_lanes_does_not_matter(batch, expected):
    order = np.random.default_rng(1).permutation(COUNT)
    shuffled = ensemble(decay, jax.tree.map(lambda x: x[order], batch), chunk=16)
    same(jax.tree.map(lambda x: x[np.argsort(order)], shuffled), expected)


@pytest.mark.parametrize("chunk", [None, 16])
def test_it_runs_inside_jit(batch, expected, chunk):
    same(jax.jit(lambda b: ensemble(decay, b, chunk=chunk))(batch), expected)


def test_a_mesh_of_one_device(batch, expected):
    same(ensemble(decay, batch, chunk=16, mesh=jax.make_mesh((1,), ("x",))), expected)


def test_it_can_be_differentiated():
    x = np.linspace(0.1, 1.0, 5, dtype=np.float32)

    def total(scale):
        return jnp.sum(ensemble(lambda lane: jnp.sin(scale * lane), x, chunk=2))

    # scale is traced by grad, and only fn closes over it
    np.testing.assert_allclose(jax.grad(total)(2.0), np.sum(x * np.cos(2 * x)), rtol=1e-5)


def test_lane_keys_do_not_depend_on_the_number_of_lanes():
    few, many = (lane_keys(jax.random.key(0), count) for count in (3, 7))
    assert jnp.array_equal(jax.random.key_data(few), jax.random.key_data(many[:3]))
    assert len(np.unique(jax.random.key_data(many), axis=0)) == 7
    folded = jax.random.fold_in(jax.random.key(0), 2)
    assert jnp.array_equal(jax.random.key_data(many[2]), jax.random.key_data(folded))


def test_threads_keep_the_precision_of_the_caller(monkeypatch):
    monkeypatch.setattr(ensembles, "_count_workers", lambda: 2)
    x = np.linspace(0.0, 1.0, 64)
    with jax.enable_x64(True):
        result = ensemble(lambda lane: jnp.sin(lane), x, chunk=8)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, np.sin(x), rtol=1e-15)


def test_new_values_do_not_compile_again(count_compiles):
    x = np.linspace(0.0, 1.0, 64, dtype=np.float32)
    ensemble(jnp.cos, x, chunk=16)
    with count_compiles() as compiled:
        # another number of lanes, too: the chunks have one shape
        result = ensemble(jnp.cos, np.concatenate([x, 2 * x, x[:5]]), chunk=16)
    assert compiled.count == 0
    np.testing.assert_allclose(result[64:128], np.cos(2 * x), rtol=1e-6)


def test_a_lane_knows_that_it_is_one():
    seen = []

    def lane(x):
        seen.append(in_lane())
        return x

    ensemble(lane, np.ones(3, np.float32))
    assert seen
    assert all(seen)
    assert not in_lane()


def test_an_error_in_a_lane_reaches_the_caller():
    def lane(x):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ensemble(lane, np.ones(3))
    assert not in_lane()


@pytest.mark.parametrize(
    ("batch", "chunk", "message"),
    [
        ({"a": np.ones(3), "b": np.ones(4)}, None, r"common, non-empty first axis.*\(3,\).*\(4,\)"),
        (np.float32(1.0), None, "common, non-empty first axis"),
        (np.ones((0, 2)), None, "non-empty"),
        ({}, None, "common"),
        (np.ones(3), 0, "chunk must be a positive integer, got 0"),
    ],
)
def test_bad_input(batch, chunk, message):
    with pytest.raises(InputError, match=message):
        ensemble(jnp.sin, batch, chunk=chunk)


@pytest.mark.long
def test_the_number_of_devices_does_not_matter(expected, tmp_path):
    """Four devices need their own process: their number is fixed when JAX starts."""
    script = textwrap.dedent(
        """
        import sys, jax, jax.numpy as jnp, numpy as np
        sys.path.insert(0, sys.argv[1])
        from test_ensembles import COUNT, decay
        from thalweg.core.ensembles import ensemble, lane_keys
        assert len(jax.devices()) == 4
        x = np.random.default_rng(0).uniform(0.0, 10.0, COUNT).astype(np.float32)
        batch = {"x": x, "key": lane_keys(jax.random.key(3), COUNT)}
        seen = []
        for mesh in (jax.make_mesh((4,), ("x",)), jax.make_mesh((2, 2), ("x", "y"))):
            result = ensemble(decay, batch, chunk=16, mesh=mesh)
            seen.append(np.concatenate([result["halved"], result["draw"].ravel()]))
        np.save(sys.argv[2], np.stack(seen))
        """
    )
    out = tmp_path / "out.npy"
    subprocess.run(
        [sys.executable, "-c", script, os.path.dirname(__file__), out],
        check=True,
        env=os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"},
        timeout=300,
    )
    want = np.concatenate([expected["halved"], expected["draw"].ravel()])
    for result in np.load(out):
        np.testing.assert_allclose(result, want, rtol=1e-6, atol=1e-7)


MANY_PROCESSES = textwrap.dedent(
    """
    import sys
    import jax

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{sys.argv[1]}", 2, int(sys.argv[2]))

    import numpy as np
    from thalweg.core.ensembles import ensemble

    assert jax.process_count() == 2 and len(jax.devices()) == 2
    mesh = jax.make_mesh((2,), ("lanes",))

    def halved(x):
        return jax.lax.while_loop(lambda y: y > 1e-3, lambda y: 0.5 * y, x)

    # An odd number of lanes cannot be cut in two: JAX then gives all of them to both.
    for count in (37, 38):
        batch = np.linspace(0.1, 10.0, count, dtype=np.float32)
        result = ensemble(halved, batch, mesh=mesh, chunk=8)
        alone = ensemble(halved, batch, chunk=8)
        (shard,) = result.addressable_shards
        rows = shard.index[0]
        np.testing.assert_array_equal(np.asarray(shard.data), alone[rows])
        print("rows", count, rows.start or 0, rows.stop or count)
    """
)


@pytest.mark.long
def test_lanes_are_spread_over_processes():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", MANY_PROCESSES, str(port), str(rank)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""},
        )
        for rank in range(2)
    ]  # fmt: skip
    told = [run.communicate(timeout=300) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    rows = sorted(line for out, _ in told for line in out.splitlines() if "rows" in line)
    assert rows == ["rows 37 0 37", "rows 37 0 37", "rows 38 0 19", "rows 38 19 38"]
