"""Arrays of a fixed shape in signatures: `Num[Array, "n d"]`, `Integer[Array, "n"]`, …

The names in quotes are sizes, and one name is one size within a call. The tests check at run time
that verbs take and return what they say.
"""

import jax
import numpy as np
from jaxtyping import Bool as Bool
from jaxtyping import Float as Float
from jaxtyping import Integer as Integer
from jaxtyping import Num as Num
from jaxtyping import PyTree as PyTree
from jaxtyping import Shaped

Array = jax.Array | np.ndarray
# A number, of Python or an array without axes; a state: a pytree of arrays (or numbers); states
# stacked along a first axis of one length.
Number = float | int | np.number | Num[Array, ""]
State = PyTree[float | int | np.number | Shaped[Array, "..."]]
States = PyTree[Shaped[Array, "n ..."]]
