"""The counter that other rooms' recompilation tests rely on."""

import jax
import numpy as np


def test_a_program_counts_once_whatever_its_values(count_compiles):
    fn = jax.jit(lambda x: jax.numpy.sin(x) * 1.25)
    with count_compiles() as compiled:
        fn(np.ones(3))
        assert compiled.count == 1
        fn(np.zeros(3))
        assert compiled.count == 1
        fn(np.ones(4))
        assert compiled.count == 2
    fn(np.ones(5))
    assert compiled.count == 2
