"""Jobs that are sent to other processes arrive as they were, or not at all."""

import subprocess
import sys
import textwrap
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.sweeps.systems import Spring, stretch

import thalweg as tw
from thalweg.formats import read_xpp
from thalweg.sweeps import Compiled
from thalweg.sweeps.jobs import Job
from thalweg.sweeps.shipping import pack, unpack

# A process that knows nothing but the bytes, and that has another module of the same name.
ELSEWHERE = textwrap.dedent(
    """
    import pickle, sys, types

    sys.modules["steep"] = types.ModuleType("steep")
    import jax
    from thalweg.core.parameters import find_parameter
    from thalweg.sweeps.shipping import Packed, unpack

    job = unpack(Packed(*pickle.load(sys.stdin.buffer)))
    parameter = find_parameter(job.system, sys.argv[1])
    found = jax.vmap(lambda v: job.measure.fn(parameter.put(job.system, v)))(jax.numpy.arange(3.0))
    print(found.tolist())
    """
)
STEEP = '''
import equinox as eqx

FACTOR = 2.0


class Steep(eqx.Module):
    """Something steep."""

    slope: float = 1.0


def doubled(system):
    return FACTOR * type(system)(system.slope).slope


if __name__ == "__main__":
    import pickle, sys
    import thalweg as tw
    from thalweg.sweeps.jobs import Job
    from thalweg.sweeps.shipping import pack

    fn = (lambda system: FACTOR * Steep(system.slope).slope) if sys.argv[1:] else doubled
    job = Job(None, Steep(), tw.sweeps.Compiled(fn), 0)
    sys.stdout.buffer.write(pickle.dumps(tuple(pack(job))))
'''


def python(*words, **options) -> bytes:
    done = subprocess.run([sys.executable, *words], capture_output=True, timeout=300, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.long
@pytest.mark.parametrize("how", [(), ("lambda",)])
def test_what_a_script_defines_arrives_elsewhere_with_its_fields(tmp_path, how):
    script = tmp_path / "steep.py"
    script.write_text(STEEP)
    sent = python(str(script), *how)
    assert python("-c", ELSEWHERE, "slope", input=sent).strip() == b"[0.0, 2.0, 4.0]"


def test_systems_and_functions_of_files_are_found_again():
    job = unpack(pack(Job(Path("s.zarr"), Spring(load=3.0), Compiled(stretch), 0)))
    assert type(job.system) is Spring
    assert job.system.load == 3.0
    assert job.measure.fn is stretch  # type: ignore[attr-defined]


def test_models_of_files_keep_their_parameters(tmp_path):
    path = tmp_path / "model.ode"
    path.write_text("par a=1\nx'=-a*x\ninit x=1\ndone\n")
    rule = read_xpp(path)
    halved = eqx.tree_at(lambda r: r.a, rule, 0.5)
    job = unpack(pack(Job(Path("s.zarr"), halved, Compiled(stretch), 0)))
    assert job.system.a == 0.5
    assert len(jax.tree.leaves(job.system)) == 1
    np.testing.assert_allclose(job.system.velocity(0.0, np.ones(1)), [-0.5])


def test_classes_without_a_file_are_refused():
    class Local(eqx.Module):
        slope: float = 1.0

    with pytest.raises(tw.InputError, match=r"Local cannot be sent to a worker: .*Define it in a"):
        pack(Job(Path("s.zarr"), Local(), Compiled(stretch), 0))
    with pytest.raises(tw.InputError, match="cannot be sent"):
        pack(Job(Path("s.zarr"), Spring(), Compiled(lambda s: Local(s.load).slope), 0))


@pytest.mark.long
def test_other_code_at_the_other_end_is_refused():
    packed = pack(Job(Path("s.zarr"), Spring(), Compiled(lambda s: jnp.sin(s.load)), 0))
    with pytest.raises(tw.InputError, match="other code"):
        unpack(packed._replace(told="0"))
